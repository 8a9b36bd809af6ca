import type { EventLog } from "../log/event-log.js";

// How much may be broadcast before the first write to a socket: about five milliseconds of work.
const MAX_EVENTS = 1_024;
const MAX_BYTES = 1_048_576;
// The longest wait, for example while the log cannot be read.
const MAX_WAIT_MS = 1_000;

/**
 * Slows down a caller that awaits each broadcast: now and then the caller waits until the live connections of this node
 * have received what the log holds. Otherwise a loop could fill the log faster than it is delivered, and connected
 * browsers would miss events that leave the log too early.
 */
export class Pace {
  readonly #log: Pick<EventLog, "head" | "stale">;
  readonly #whenServed: (deadline: number) => Promise<void>;
  #events = 0;
  #bytes = 0;
  #position: number;

  /** @param whenServed resolves when live connections have received what the log holds, or at the deadline */
  constructor(
    log: Pick<EventLog, "head" | "stale">,
    whenServed: (deadline: number) => Promise<void>,
  ) {
    this.#log = log;
    this.#whenServed = whenServed;
    this.#position = log.head;
  }

  /**
   * The log has accepted an event of this size. Returns a promise that the caller must await; `null` for none. Only one
   * broadcast in many waits, so that a caller that does not await creates few promises.
   */
  take(bytes: number): Promise<void> | null {
    this.#events += 1;
    this.#bytes += bytes;
    const isDue =
      this.#events >= MAX_EVENTS ||
      this.#bytes >= MAX_BYTES ||
      // For a small log: a quarter of what it can hold has been appended since.
      this.#log.stale > this.#position;
    if (!isDue) return null;
    this.#events = 0;
    this.#bytes = 0;
    this.#position = this.#log.head;
    return this.#whenServed(performance.now() + MAX_WAIT_MS);
  }
}
