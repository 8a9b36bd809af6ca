import { withTimer } from "./timer.js";
import type { CreateClient, OwnClient } from "./redis-client.js";
import type { Script } from "./script.js";

/** Milliseconds Redis has for an answer, beside those it was asked to wait. */
export const ANSWER_MS = 5_000;

// Strings come as bytes: what is in an event need not be text. The key is the type's first byte.
const AS_BYTES = { typeMapping: { ["$".charCodeAt(0)]: Buffer } };

/**
 * One connection to Redis, from its beginning to its end: it is never made again by itself. A command
 * without an answer ends it, since nobody knows whether it will still be carried out.
 */
export class RedisSession {
  readonly #client: OwnClient;
  readonly #onEnd = new Set<() => void>();
  #isConnected = false;
  #lost: Error | null = null;
  readonly #known = new Set<string>();
  #runId: Promise<string> | undefined;

  /** Connects. Rejects where that fails or takes too long. */
  static async open(createClient: CreateClient): Promise<RedisSession> {
    const redis = new RedisSession(await createClient());
    try {
      await withTimer(redis.#client.connect(), ANSWER_MS, "Redis has not let the log in");
    } catch (cause) {
      redis.end(cause as Error);
      throw cause;
    }
    if (redis.#lost !== null) throw redis.#lost;
    return redis;
  }

  private constructor(client: OwnClient) {
    this.#client = client;
    client.on("error", (error) => {
      this.end(error);
    });
    client.on("connect", () => {
      this.#isConnected = true;
      if (this.#lost !== null) this.#destroy();
    });
  }

  /** Why it has ended; `null` while it has not. */
  get lost(): Error | null {
    return this.#lost;
  }

  /** Calls back when it ends. */
  onEnd(callback: () => void): void {
    this.#onEnd.add(callback);
  }

  /** Ends it. Idempotent: the first cause stays. */
  end(cause: Error): void {
    if (this.#lost !== null) return;
    this.#lost = cause;
    // A client that is still connecting cannot be destroyed: it would connect all the same.
    if (this.#isConnected) this.#destroy();
    for (const callback of this.#onEnd) callback();
  }

  /** Sends a command. An error while `lost` is `null` is Redis' own answer: nothing was done. */
  async send(args: ReadonlyArray<string | Buffer>, answerMs = ANSWER_MS): Promise<unknown> {
    if (this.#lost !== null) throw this.#lost;
    const answer = this.#client.sendCommand(args, AS_BYTES);
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
   * Runs a script where the order counts: if Redis has forgotten it, nothing is sent again after what
   * came later.
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

  /** Names the server process; empty where the user may not ask. */
  runId(): Promise<string> {
    this.#runId ??= this.#readRunId();
    return this.#runId;
  }

  async #readRunId(): Promise<string> {
    try {
      const info = String(await this.send(["INFO", "server"]));
      return /^run_id:(\w+)/m.exec(info)?.[1] ?? "";
    } catch (error) {
      if (this.#lost !== null) throw error;
      return "";
    }
  }

  #destroy(): void {
    try {
      this.#client.destroy();
    } catch {
      // It has ended by itself already.
    }
  }
}

type ScriptArguments = ReadonlyArray<string | Buffer>;

/** True where Redis does not know a script by its name. */
export function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}
