import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith } from "./describe-with.js";
import { onTestEnd } from "./disposers.js";
import { freePort } from "./free-port.js";

const REDIS = "/usr/bin/redis-server";

/**
 * A {@link describeWith} whose specs need a real Redis, which is started for them.
 *
 * @param specs gets a function that gives the server's URL, to be called in a test
 */
export function describeWithRedis(name: string, specs: (urlOf: () => string) => void): void {
  describeWith([REDIS], name, () => {
    let redis: RedisServer | undefined;

    beforeAll(async () => {
      redis = await RedisServer.create();
    });

    afterAll(() => redis?.remove());

    specs(() => redis?.url ?? "");
  });
}

/** A Redis of a spec's own, on a free port. It is ended with the test. */
export class RedisServer {
  readonly url: string;
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "redis-spec-"));
  readonly #args: readonly string[];
  // The file of a sentinel.
  #sentinel: string | null = null;
  #child: ChildProcess | undefined;
  #exit: Promise<unknown> = Promise.resolve();

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#args = [..."--bind 127.0.0.1 --save  --dir".split(" "), this.#folder, ...args];
  }

  /** @param args of redis-server, for example `["--appendonly", "yes"]` */
  static async start(args: readonly string[] = []): Promise<RedisServer> {
    const server = await RedisServer.create(args);
    onTestEnd(() => server.remove());
    return server;
  }

  /** The same without an end of its own. */
  static async create(args: readonly string[] = [], port?: number): Promise<RedisServer> {
    const server = new RedisServer(port ?? (await freePort()), args);
    await server.run();
    return server;
  }

  /** A sentinel, with the lines of its configuration, which it writes itself from then on. */
  static async createSentinel(port: number, lines: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(port, []);
    const file = join(server.#folder, "sentinel.conf");
    writeFileSync(file, [`port ${port}`, "bind 127.0.0.1", ...lines, ""].join("\n"));
    server.#sentinel = file;
    await server.run();
    return server;
  }

  /** Starts the process, also again after `kill`: on the same port, with what it has on disk. */
  async run(): Promise<void> {
    const args =
      this.#sentinel === null
        ? ["--port", String(this.port), ...this.#args]
        : [this.#sentinel, "--sentinel"];
    const child = spawn(REDIS, args, {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    this.#exit = once(child, "exit");
    await isReady(child.stdout, this.#exit);
  }

  /** Ends the process as a crash does. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#exit;
  }

  /** Holds the process: it takes connections, and answers nothing. */
  stop(): void {
    this.#child?.kill("SIGSTOP");
  }

  /** Lets a held process go on. */
  goOn(): void {
    this.#child?.kill("SIGCONT");
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function isReady(output: NodeJS.ReadableStream, exit: Promise<unknown>): Promise<void> {
  let text = "";
  const ready = new Promise<void>((resolve) => {
    output.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      if (/Ready to accept connections|Sentinel ID is/.test(text)) resolve();
    });
  });
  const ended = exit.then(() => {
    throw new Error(`redis-server has exited: ${text}`);
  });
  await Promise.race([ready, ended]);
}
