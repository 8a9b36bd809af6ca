import { memoryLog, type EventLog } from "express-sse-hub";
import { Deferred } from "../../lib/async/deferred.js";

/** A log that counts as shared, and takes what a node tells the others when the spec lets it. */
export class GatedLog {
  readonly log: EventLog;
  /** How often a node has told something. */
  told = 0;
  readonly #gate = new Deferred<undefined>();

  constructor() {
    const tell = () => {
      this.told += 1;
      return this.#gate.promise;
    };
    this.log = new Proxy(memoryLog(), {
      get: (log, name) => {
        if (name === "isShared") return true;
        if (name === "tell") return tell;
        const value = Reflect.get(log, name, log) as unknown;
        return typeof value === "function" ? (value.bind(log) as unknown) : value;
      },
    });
  }

  /** Takes all there is, and whatever comes. */
  open(): void {
    this.#gate.resolve(undefined);
  }
}
