import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePort } from "../support/free-port.js";
import type { LogAddress } from "./model-log.js";

const ROOT = join(__dirname, "../..");

/** What a node is told. */
export interface NodeSettings {
  readonly log: LogAddress;
  readonly maxEvents: number;
}

/** `node-server.ts` as a process of its own, which may die and be started again on its port. */
export class NodeProcess {
  readonly url: string;
  readonly #port: number;
  readonly #storeUrl: string;
  #settings: NodeSettings;
  #child: ChildProcess | undefined;
  #exit: Promise<unknown> = Promise.resolve();
  #lives = 0;

  private constructor(port: number, storeUrl: string, settings: NodeSettings) {
    this.#port = port;
    this.#storeUrl = storeUrl;
    this.#settings = settings;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Starts it. Whoever does so kills it in the end. */
  static async start(storeUrl: string, settings: NodeSettings): Promise<NodeProcess> {
    const node = new NodeProcess(await freePort(), storeUrl, settings);
    await node.run();
    return node;
  }

  /** Makes its application anew. */
  async begin(settings: NodeSettings): Promise<void> {
    this.#settings = settings;
    await this.post("/begin", settings);
  }

  /** Names this life of the process: another one has none of its memory. */
  get life(): string {
    return `${this.#port}/${this.#lives}`;
  }

  /** Starts it, also again after `kill`. Resolves when it listens. */
  async run(): Promise<void> {
    const child = spawn(process.execPath, ["--import", "tsx", "spec/model/node-server.ts"], {
      cwd: ROOT,
      env: {
        ...process.env,
        PORT: String(this.#port),
        STORE_URL: this.#storeUrl,
        SETTINGS: JSON.stringify(this.#settings),
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#lives += 1;
    this.#child = child;
    this.#exit = once(child, "close");
    const isUp = await Promise.race([
      once(child.stdout, "data").then(() => true),
      this.#exit.then(() => false),
    ]);
    if (!isUp) throw new Error(`The node on port ${this.#port} ended before it listened.`);
  }

  /** Ends it as a crash does. */
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

  /** Asks it for something. Rejects where it dies meanwhile, or is not there. */
  async post(path: string, body: object, cookie?: string): Promise<Response> {
    const headers = {
      "Content-Type": "application/json",
      Connection: "close",
      ...(cookie === undefined ? {} : { Cookie: cookie }),
    };
    const res = await fetch(`${this.url}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    if (!res.ok) throw new Error(`POST ${path} answered ${res.status}.`);
    return res;
  }
}
