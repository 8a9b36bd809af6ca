import type { CreateClient, OwnClient } from "./client/own-client.js";
import type { Script } from "./script.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import { readServerInfo, type ServerInfo } from "./server-info.js";
import { ServerError } from "../shared-log/server-error.js";
import { withTimer } from "../shared-log/timer.js";
import { ANSWER_MS, type LogSession } from "../shared-log/log-session.js";

// A client of a cluster or of Sentinel may first have to find the server.
const LOCATE_MS = 10_000;

/**
 * One connection to Redis. It never reconnects by itself. A command without an answer ends it, because Redis may still
 * run the command later.
 */
export class RedisSession implements LogSession {
  readonly #client: OwnClient;
  readonly #onEnd = new Set<() => void>();
  #lost: Error | null = null;
  readonly #known = new Set<string>();
  #info: Promise<ServerInfo> | undefined;

  /**
   * Connects to the server that holds a key. Rejects if that fails or takes too long; once the server is known, with a
   * {@link ServerError}.
   */
  static async open(createClient: CreateClient, key: string): Promise<RedisSession> {
    const creating = createClient(key);
    const client = await withTimer(creating, LOCATE_MS, "The client has not given a connection");
    const redis = new RedisSession(client);
    try {
      await withTimer(client.connect(), ANSWER_MS, "Redis has not accepted the connection");
    } catch (cause) {
      redis.end(cause as Error);
    }
    if (redis.#lost !== null) throw redis.#lost;
    return redis;
  }

  private constructor(client: OwnClient) {
    this.#client = client;
    client.onLost((cause) => {
      this.end(cause);
    });
  }

  /** The server: `host:port`, or the path of a socket. */
  get server(): string {
    return this.#client.server;
  }

  /** Why it has ended; `null` while it is open. */
  get lost(): Error | null {
    return this.#lost;
  }

  /** Calls back when it ends. */
  onEnd(callback: () => void): void {
    this.#onEnd.add(callback);
  }

  /** Ends it. Idempotent: only the first cause counts. */
  end(cause: Error): void {
    if (this.#lost !== null) return;
    this.#lost = cause instanceof SseHubError ? cause : new ServerError(this.server, cause);
    this.#client.destroy();
    for (const callback of this.#onEnd) callback();
  }

  /** Sends a command. An error while `lost` is `null` is the answer of Redis, so the command had no effect. */
  async send(args: ReadonlyArray<string | Buffer>, answerMs = ANSWER_MS): Promise<unknown> {
    if (this.#lost !== null) throw this.#lost;
    const answer = this.#client.send(args).catch((error: unknown) => {
      // After any other error, it is not known whether Redis has run the command.
      if (!this.#client.isReply(error)) this.end(error as Error);
      throw error;
    });
    return withTimer(answer, answerMs, `Redis has not answered ${String(args[0])}`, (error) => {
      this.end(error);
    });
  }

  /** Runs a script. */
  async run(script: Script, keys: readonly string[], args: ScriptArguments): Promise<unknown> {
    try {
      return await this.runOnce(script, keys, args);
    } catch (error) {
      if (!isNoScript(error)) throw error;
      return this.runOnce(script, keys, args);
    }
  }

  /**
   * Runs a script whose order counts. If Redis does not know the script, it is not sent again, because later commands
   * would overtake it.
   */
  async runOnce(
    { sha, text }: Script,
    keys: readonly string[],
    args: ScriptArguments,
  ): Promise<unknown> {
    const how = this.#known.has(sha) ? ["EVALSHA", sha] : ["EVAL", text];
    this.#known.add(sha);
    try {
      return await this.send([...how, String(keys.length), ...keys, ...args]);
    } catch (error) {
      this.#known.delete(sha);
      throw error;
    }
  }

  /** What the server tells about itself. */
  info(): Promise<ServerInfo> {
    this.#info ??= this.#readInfo();
    return this.#info;
  }

  async #readInfo(): Promise<ServerInfo> {
    try {
      return readServerInfo(String(await this.send(["INFO"])));
    } catch (error) {
      if (this.#lost !== null) throw error;
      // The user has no right to run INFO.
      return readServerInfo("");
    }
  }
}

type ScriptArguments = ReadonlyArray<string | Buffer>;

/** True if Redis does not know the script. */
export function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}
