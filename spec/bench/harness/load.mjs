import { fileURLToPath } from "node:url";
import { compile, missingCompiler } from "./compile.mjs";
import { LineProcess } from "./line-process.mjs";

const inC = fileURLToPath(new URL("../load/client.c", import.meta.url));
const inNode = fileURLToPath(new URL("../load/client.mjs", import.meta.url));

/** The readers, in a process of their own: load/client.c, or client.mjs where C cannot be compiled. */
export class Load {
  #process;

  /** @param speaks what the server speaks, where that is not Server-Sent Events */
  constructor(machine, port, speaks) {
    const isInC = speaks === undefined && missingCompiler() === null;
    const [file, ...args] = isInC
      ? [compile(inC), String(port)]
      : [process.execPath, inNode, String(port), ...(speaks === undefined ? [] : [speaks])];
    this.#process = new LineProcess(...machine.command("load", file, args));
  }

  open({ count, heads, inFlight, isStalled }) {
    return this.#process.ask(`open ${count} /events ${heads} ${inFlight} ${isStalled ? 1 : 0}`);
  }

  /** From here on counts are taken, and the next event of each connection has that number. */
  expect(sequence, bytes) {
    return this.#process.ask(`expect ${sequence} ${bytes}`);
  }

  /** What was counted once that many events have come, or the time was over (`isLate`). */
  until(events, timeoutMs) {
    return this.#process.ask(`until ${events} ${timeoutMs}`, timeoutMs + 30_000);
  }

  /** Closes all connections, so that others can be opened. */
  close() {
    return this.#process.ask("close");
  }

  end() {
    return this.#process.end();
  }
}
