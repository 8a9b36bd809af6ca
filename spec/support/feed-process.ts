import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestEnd } from "./disposers.js";
import type { Usage } from "./feed-server.js";

const ROOT = join(__dirname, "../..");

/** How a process ended: by itself with a code, or by a signal. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** `feed-server.ts` as a process of its own, until the end of the test. */
export class FeedProcess {
  readonly url: string;
  /** Resolves with how it ended, once all it said was read. */
  readonly exit: Promise<Exit>;
  /** What it said and complained of so far. */
  output = "";
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, exit: Promise<Exit>, url: string) {
    this.#child = child;
    this.exit = exit;
    this.url = url;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (text: string) => (this.output += text));
    }
  }

  /**
   * Starts it, on a free port unless another is given.
   *
   * @param env may name the Redis of its log, `REDIS_URL`, and the log, `LOG_NAME`; and a folder of static
   * files, `SITE`
   */
  static async start(port = "0", env: Record<string, string> = {}): Promise<FeedProcess> {
    const child = spawn(
      process.execPath,
      ["--expose-gc", "--import", "tsx", "spec/support/feed-server.ts"],
      { cwd: ROOT, env: { ...process.env, PORT: port, ...env }, stdio: ["ignore", "pipe", "pipe"] },
    );
    child.stdout.setEncoding("utf8");
    child.stderr.setEncoding("utf8").pipe(process.stderr);
    const exit = once(child, "close").then(([code, signal]) => ({ code, signal }));
    onTestEnd(async () => {
      child.kill("SIGKILL");
      await exit;
    });
    const [first] = (await Promise.race([once(child.stdout, "data"), exit.then(() => [])])) as [
      string?,
    ];
    if (first === undefined) throw new Error("The server ended before it listened.");
    return new FeedProcess(child, exit, first.trim());
  }

  get port(): string {
    return new URL(this.url).port;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async post(path: string): Promise<Response> {
    return this.#fetch(path, "POST");
  }

  /** What it holds, once that is as expected; it is asked again until then. */
  async usage(isAsExpected: (usage: Usage) => boolean = () => true): Promise<Usage> {
    for (const deadline = Date.now() + 10_000; ;) {
      const usage = (await (await this.#fetch("/usage", "GET")).json()) as Usage;
      if (isAsExpected(usage)) return usage;
      if (Date.now() > deadline) throw new Error(`Not as expected: ${JSON.stringify(usage)}`);
    }
  }

  // Without a socket that is kept for the next request, the sockets are those of the readers.
  async #fetch(path: string, method: "GET" | "POST"): Promise<Response> {
    const res = await fetch(`${this.url}${path}`, { method, headers: { Connection: "close" } });
    if (!res.ok) throw new Error(`${method} ${path} answered ${res.status}.`);
    return res;
  }
}
