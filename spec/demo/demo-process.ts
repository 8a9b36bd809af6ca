import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { onTestEnd } from "../support/disposers.js";

const ROOT = join(__dirname, "../..");
const TSX = createRequire(__filename).resolve("tsx/cli");

/**
 * How the program is started: with the command of `npm run demo`, or without tsx's process before it;
 * or that of `npm run demo:cluster`, which `-- --postgres` may follow.
 */
const COMMANDS = {
  // tsx kills a program that does not confirm a signal within 30 ms, which a busy machine may miss.
  node: ["--import", "tsx", "demo/server.ts"],
  tsx: [TSX, "demo/server.ts"],
  cluster: ["--import", "tsx", "demo/cluster/console.ts"],
  postgres: ["--import", "tsx", "demo/cluster/console.ts", "--postgres"],
};

/** How the program ended: by itself with a code, or by a signal. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** The demo as a process of its own, with pipes for its console, until the end of the test. */
export class DemoProcess {
  /** Resolves with how it ended, once all it said was read. */
  readonly exit: Promise<Exit>;
  /** What it said so far. */
  output = "";
  /** What it complained of so far. */
  errors = "";
  readonly #child: ChildProcess;
  readonly #heard = new Set<() => void>();

  constructor(
    port: string,
    command: keyof typeof COMMANDS = "node",
    env: Readonly<Record<string, string>> = {},
  ) {
    const child = spawn(process.execPath, COMMANDS[command], {
      cwd: ROOT,
      env: { ...process.env, PORT: port, ...env },
      stdio: "pipe",
      // A group of its own, so that nothing of it is left behind.
      detached: true,
    });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.output += text;
      for (const check of [...this.#heard]) check();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.errors += text));
    child.stdin.on("error", () => undefined);
    this.exit = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        resolve({ code, signal });
      });
    });
    this.#child = child;
    onTestEnd(() => this.#destroy());
  }

  /** Starts it on a free port and gives it once it says where it listens. */
  static async start(command: keyof typeof COMMANDS = "node") {
    const demo = new DemoProcess("0", command);
    await demo.says("(Q)uit\n");
    const url = /^Page +(\S+)\/$/m.exec(demo.output)?.[1];
    if (url === undefined) throw new Error(`No address in: ${demo.output}`);
    return { demo, url };
  }

  /** Resolves when it has said this; rejects when it ends without. */
  says(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (!this.output.includes(text)) return;
        this.#heard.delete(check);
        resolve();
      };
      this.#heard.add(check);
      check();
      void this.exit.then(({ code }) => {
        reject(new Error(`Ended with ${String(code)}: ${this.output}${this.errors}`));
      });
    });
  }

  /** Sends bytes to its console. */
  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Ends its console's input; the program runs on. */
  hangUp(): void {
    this.#child.stdin?.end();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async #destroy(): Promise<void> {
    const { pid } = this.#child;
    try {
      if (pid !== undefined) process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.exit;
  }
}
