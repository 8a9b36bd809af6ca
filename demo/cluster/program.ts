import { fork, spawn, type ChildProcess, type StdioOptions } from "node:child_process";

// Who has not ended by then does not listen.
const STOP_MS = 8_000;

const running = new Set<ChildProcess>();

// Whatever becomes of this process: what it started ends before it.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** As whom a program runs; left out for who runs this one. */
export interface User {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * A program that was started here and is stopped by its process id. It has a group of its own: a
 * ctrl-C in the terminal is for the console, which then stops one after the other.
 */
export class Program {
  /** Resolves with how it ended: a signal, or an exit code. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    running.add(child);
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        running.delete(child);
        resolve(signal ?? `exit code ${String(code)}`);
      });
      child.once("error", (error) => {
        running.delete(child);
        resolve(error.message);
      });
    });
  }

  /** Starts a program of the machine's. */
  static spawn(
    file: string,
    args: readonly string[],
    stdio: StdioOptions,
    user: User = {},
  ): Program {
    return new Program(spawn(file, args, { ...user, stdio, detached: true }));
  }

  /** Starts a module of ours, which can be sent messages. */
  static fork(module: string, env: Readonly<Record<string, string>>): Program {
    const execArgv = ["--import", "tsx"];
    const options = { execArgv, env: { ...process.env, ...env }, detached: true };
    return new Program(fork(module, [], options));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return !running.has(this.#child);
  }

  get output(): NodeJS.ReadableStream | null {
    return this.#child.stdout;
  }

  /** Resolves with the next message of a module. Rejects when it ends before. */
  async message(): Promise<unknown> {
    const said = new Promise<unknown>((resolve) => this.#child.once("message", resolve));
    return Promise.race([said, this.hasFailed()]);
  }

  /** Rejects when it ends. */
  async hasFailed(): Promise<never> {
    throw new Error(`It has ended: ${await this.ended}.`);
  }

  /** Calls back with each message of a module. */
  onMessage(listener: (message: unknown) => void): void {
    this.#child.on("message", listener);
  }

  send(message: object): void {
    // To one that has just been killed: it answers nobody any more.
    this.#child.send(message, () => undefined);
  }

  /** Ends it as a crash does. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Asks it to end, and resolves when it has. */
  async stop(): Promise<void> {
    if (this.hasEnded) return;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => {
      this.kill();
    }, STOP_MS);
    await this.ended;
    clearTimeout(timer);
  }
}
