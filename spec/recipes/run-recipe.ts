import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestEnd } from "../support/disposers.js";
import { freePort } from "../support/redis.js";
import { takesConnections } from "../support/takes-connections.js";

const ROOT = join(__dirname, "../..");

/** A recipe as a process of its own, as it stands. */
export interface Recipe {
  readonly url: string;
  readonly port: number;
  /** Resolves when it has printed this. */
  prints(text: string): Promise<void>;
}

/** Runs a file of demo/recipes on a free port until the end of the test. Resolves when it listens. */
export async function runRecipe(
  name: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Recipe> {
  const port = await freePort();
  const file = join("demo", "recipes", `${name}.ts`);
  const child = spawn(process.execPath, ["--import", "tsx", file], {
    cwd: ROOT,
    env: { ...process.env, PORT: String(port), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that nothing it has started is left behind.
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once("close", resolve));
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  onTestEnd(async () => {
    kill(child);
    await ended;
  });
  const output = new Output(child, ended);
  while (!(await takesConnections(port))) {
    if (hasEnded) throw new Error(`${file} does not start. ${output.text}`);
    await sleep(20);
  }
  return { url: `http://localhost:${port}`, port, prints: (text) => output.has(text) };
}

/** All that a program prints. */
class Output {
  text = "";
  readonly #heard = new Set<() => void>();
  readonly #ended: Promise<void>;

  constructor({ stdout, stderr }: ChildProcess, ended: Promise<void>) {
    this.#ended = ended;
    for (const stream of [stdout, stderr]) {
      stream?.setEncoding("utf8").on("data", (more: string) => {
        this.text += more;
        for (const look of [...this.#heard]) look();
      });
    }
  }

  /** Resolves when it holds this; rejects when the program ends without. */
  has(wanted: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!this.text.includes(wanted)) return;
        this.#heard.delete(look);
        resolve();
      };
      this.#heard.add(look);
      look();
      void this.#ended.then(() => {
        reject(new Error(`It has ended without ${JSON.stringify(wanted)}: ${this.text}`));
      });
    });
  }
}

function kill({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}
