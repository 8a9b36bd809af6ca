import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A child process that takes a command a line and answers each with a line of JSON, in order. */
export class LineProcess {
  #child;
  #waiting = [];
  #exit;
  #reason;
  #failure;

  constructor(file, args, options = {}) {
    this.#child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"], ...options });
    this.#child.stdin.on("error", () => undefined);
    this.#child.on("error", (error) => this.#fail(error));
    this.#exit = new Promise((resolve) => {
      this.#child.on("exit", (code, signal) => {
        this.#fail(new Error(this.#reason ?? `the process ended (${signal ?? code})`));
        resolve();
      });
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#take(line));
  }

  get pid() {
    return this.#child.pid;
  }

  /** Sends a command, and gives the answer. Rejects if the process says `error`, ends, or is late. */
  ask(line, timeoutMs = 60_000) {
    this.#child.stdin.write(`${line}\n`);
    return this.answer(timeoutMs);
  }

  /** The next answer, without a command. */
  answer(timeoutMs = 60_000) {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no answer in time")), timeoutMs);
      const settle = (action) => (value) => {
        clearTimeout(timer);
        action(value);
      };
      this.#waiting.push({ resolve: settle(resolve), reject: settle(reject) });
    });
  }

  /** Ends it: by the end of its input, and if that does not do, by force. */
  async end() {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5_000);
    await this.#exit;
    clearTimeout(timer);
  }

  /** Ends it now. What waits for an answer is rejected with the reason. */
  kill(reason) {
    this.#reason = reason;
    this.#child.kill("SIGKILL");
  }

  #take(line) {
    if (!line.startsWith("{")) {
      console.error(line);
      return;
    }
    const answer = JSON.parse(line);
    const { resolve, reject } = this.#waiting.shift() ?? {};
    if (answer.error === undefined) resolve?.(answer);
    else reject?.(new Error(answer.error));
  }

  #fail(error) {
    this.#failure = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
