import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ControlState, NodeState, Wish } from "../controls.js";
import type { ConsoleHello } from "../say-hello.js";
import type { NodeMessage } from "./node-message.js";
import { Program } from "./program.js";

const MODULE = fileURLToPath(new URL("node.ts", import.meta.url));
// Long enough to be seen in the page.
const RESTART_MS = 3_000;

/** What a node is given, as environment variables. */
export interface NodeSettings {
  readonly name: string;
  /** How it is told of the server that the nodes share. */
  readonly shared: Readonly<Record<string, string>>;
  readonly secret: string;
  readonly say: (line: string) => void;
  /** Is called when it is up, and when it is no longer. */
  readonly onChange: () => void;
  /** Is called with what its page wants. */
  readonly onWish: (wish: Wish) => void;
}

/** One node of the demo: a process that is started again when it dies, on the same port. */
export class DemoNode {
  /** Where it listens. */
  port = 0;
  readonly #settings: NodeSettings;
  #program: Program | undefined;
  #isUp = false;
  #isStopped = false;

  constructor(settings: NodeSettings) {
    this.#settings = settings;
  }

  get name(): string {
    return this.#settings.name;
  }

  get state(): NodeState {
    return { name: this.name, isUp: this.#isUp };
  }

  get pid(): number | undefined {
    return this.#program?.pid;
  }

  /** True while it listens. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Resolves when it listens. Rejects when it could not be started. */
  async start(): Promise<void> {
    const { name, shared, secret, onWish } = this.#settings;
    const env = { ...shared, NODE_NAME: name, SECRET: secret, PORT: String(this.port) };
    const program = Program.fork(MODULE, env);
    this.#program = program;
    this.port = (await program.message()) as number;
    this.#changeTo({ isUp: true });
    void program.ended.then((how) => this.#onEnd(how));
    program.onMessage((wish) => {
      onWish(wish as Wish);
    });
  }

  /** Has it say hello to its audience, on all nodes. */
  sayHello(hello: ConsoleHello): void {
    this.#tell({ hello });
  }

  /** Tells it what its page is to show. */
  show(state: ControlState): void {
    if (this.#isUp) this.#tell({ state });
  }

  /** Kills it as a crash would. */
  kill(): void {
    this.#settings.say(`Killing ${this.name}, process ${String(this.pid)}.`);
    this.#program?.kill();
    this.#changeTo({ isUp: false });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#program?.stop();
  }

  async #onEnd(how: string): Promise<void> {
    this.#changeTo({ isUp: false });
    if (this.#isStopped) return;
    this.#settings.say(`${this.name} has ended: ${how}. It is started again.`);
    await sleep(RESTART_MS);
    if (this.#isStopped) return;
    try {
      await this.start();
      this.#settings.say(`${this.name} is back, as process ${String(this.pid)}.`);
    } catch (error) {
      if (!this.#isStopped) await this.#onEnd((error as Error).message);
    }
  }

  #changeTo({ isUp }: { isUp: boolean }): void {
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    this.#settings.onChange();
  }

  #tell(message: NodeMessage): void {
    this.#program?.send(message);
  }
}
