import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestEnd } from "../support/disposers.js";
import { freePort } from "../support/free-port.js";

const ROOT = join(__dirname, "../..");

/** A process of the application, which may be killed and started again on its port. */
export class RunNode {
  readonly url: string;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;

  private constructor(port: number, redisUrl: string, env: NodeJS.ProcessEnv) {
    this.url = `http://127.0.0.1:${port}`;
    const tsconfig = join(ROOT, "tsconfig.json");
    const own = { PORT: String(port), REDIS_URL: redisUrl, TSX_TSCONFIG_PATH: tsconfig };
    this.#env = { ...process.env, ...own, ...env };
  }

  static async start(redisUrl: string, env: NodeJS.ProcessEnv = {}): Promise<RunNode> {
    const node = new RunNode(await freePort(), redisUrl, env);
    await node.run();
    onTestEnd(() => node.kill());
    return node;
  }

  async run(): Promise<void> {
    const args = ["--import", "tsx", join(__dirname, "run-node.ts")];
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: this.#env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    const isUp = await Promise.race([
      once(child.stdout, "data").then(() => true),
      once(child, "close").then(() => false),
    ]);
    if (!isUp) throw new Error(`The node at ${this.url} ended before it listened.`);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  async ask(path: string, method: string): Promise<void> {
    const signal = AbortSignal.timeout(5_000);
    await fetch(`${this.url}${path}`, { method, signal }).catch(() => undefined);
  }
}
