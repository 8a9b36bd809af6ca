import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../support/free-port.js";
import { takesConnections } from "../support/takes-connections.js";

const ROOT = join(__dirname, "../..");
// Some are several processes, on a machine that may be busy.
const START_MS = 60_000;

type Environment = Readonly<Record<string, string>>;

/**
 * Runs a file of demo/recipes as it stands, on a free port, for the specs of the `describe` that calls
 * this. What it gives is to be used in those.
 *
 * @param environment what it is given besides `PORT`
 */
export function runRecipe(
  name: string,
  environment: () => Environment | Promise<Environment> = () => ({}),
): Recipe {
  const recipe = new Recipe(join("demo", "recipes", `${name}.ts`));
  beforeAll(async () => recipe.start(await environment()), START_MS);
  afterAll(() => recipe.stop());
  return recipe;
}

/** A recipe as a process of its own. */
export class Recipe {
  port = 0;
  /** All it has printed, its complaints included. */
  output = "";
  readonly #file: string;
  readonly #heard = new Set<() => void>();
  #child: ChildProcess | undefined;
  #ended = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Resolves when it takes connections. */
  async start(environment: Environment): Promise<void> {
    this.port = await freePort();
    const child = spawn(process.execPath, ["--import", "tsx", this.#file], {
      cwd: ROOT,
      env: { ...process.env, PORT: String(this.port), ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that nothing it has started is left behind.
      detached: true,
    });
    let hasEnded = false;
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once("close", resolve));
    void this.#ended.then(() => (hasEnded = true));
    for (const stream of [child.stdout, child.stderr]) this.#listenTo(stream);
    while (!(await takesConnections(this.port))) {
      if (hasEnded) throw new Error(`${this.#file} does not start. ${this.output}`);
      await sleep(20);
    }
  }

  /** Resolves when it has printed this; rejects when it ends without. */
  prints(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!this.output.includes(text)) return;
        this.#heard.delete(look);
        resolve();
      };
      this.#heard.add(look);
      look();
      void this.#ended.then(() => {
        reject(new Error(`It has ended without ${JSON.stringify(text)}: ${this.output}`));
      });
    });
  }

  /** Asks it to end, and resolves when it has, with what it started. */
  async end(): Promise<void> {
    this.#child?.kill("SIGTERM");
    await this.#ended;
  }

  async stop(): Promise<void> {
    try {
      if (this.#child?.pid !== undefined) process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#ended;
  }

  #listenTo(stream: NodeJS.ReadableStream): void {
    stream.setEncoding("utf8").on("data", (text: string) => {
      this.output += text;
      for (const look of [...this.#heard]) look();
    });
  }
}
