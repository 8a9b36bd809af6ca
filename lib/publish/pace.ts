import type { EventLog } from "../log/event-log.js";

// About five milliseconds of work; so much may be broadcast before sockets are written to at all.
const MAX_EVENTS = 1_024;
const MAX_BYTES = 1_048_576;
// Such as while the log cannot be read.
const MAX_WAIT_MS = 1_000;

/**
 * Slows a caller down that awaits each broadcast: now and then it waits until the browsers of this node have been
 * given what the log holds. Otherwise a loop could fill the log faster than it is delivered from, and what leaves
 * the log too early is lost to browsers that are connected.
 */
export class Pace {
  readonly #log: Pick<EventLog, "head" | "stale">;
  readonly #whenServed: (deadline: number) => Promise<void>;
  #events = 0;
  #bytes = 0;
  #position: number;

  /** @param whenServed resolves when live connections have what the log holds, or at the deadline */
  constructor(
    log: Pick<EventLog, "head" | "stale">,
    whenServed: (deadline: number) => Promise<void>,
  ) {
    this.#log = log;
    this.#whenServed = whenServed;
    this.#position = log.head;
  }

  /**
   * The log has taken an event of so many bytes. Gives what its caller is to wait for; `null` for nothing. Only
   * one in many waits, so that a caller that does not await pays for few promises.
   */
  take(bytes: number): Promise<void> | null {
    this.#events += 1;
    this.#bytes += bytes;
    const isDue =
      this.#events >= MAX_EVENTS ||
      this.#bytes >= MAX_BYTES ||
      // A quarter of what a small log can hold has come since.
      this.#log.stale > this.#position;
    if (!isDue) return null;
    this.#events = 0;
    this.#bytes = 0;
    this.#position = this.#log.head;
    return this.#whenServed(performance.now() + MAX_WAIT_MS);
  }
}
