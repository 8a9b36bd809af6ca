import { memoryLog, type EventLog } from "express-sse-hub";
import { Deferred } from "../../lib/async/deferred.js";
import { logWith } from "./log-with.js";

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
    this.log = logWith(memoryLog(), { isShared: true, tell });
  }

  /** Takes all there is, and whatever comes. */
  open(): void {
    this.#gate.resolve(undefined);
  }
}
