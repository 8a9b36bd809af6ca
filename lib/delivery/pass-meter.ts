import type { Pass, PassListener } from "./pass-times.js";

// A dashboard asks again within this time.
const WATCHED_MS = 5_000;

/** Sums over the passes that were measured. They only rise: the difference of two readings is about the time between. */
export interface PassSums {
  readonly passes: number;
  /** The duration of all passes together. */
  readonly passMs: number;
  /** Number of entries whose delay is known. */
  readonly written: number;
  /** The delays of these entries together, each from its broadcast to the end of its pass. */
  readonly writeMs: number;
}

/** Adds up how long passes take while a dashboard asks, and passes each measurement on to the next listener. */
export class PassMeter implements PassListener {
  readonly #next: PassListener;
  #sums: PassSums = { passes: 0, passMs: 0, written: 0, writeMs: 0 };
  #watched: NodeJS.Timeout | undefined;

  constructor(next: PassListener) {
    this.#next = next;
  }

  get isTimed(): boolean {
    return this.#watched !== undefined || this.#next.isTimed;
  }

  pass(pass: Pass): void {
    if (this.#next.isTimed) this.#next.pass(pass);
    const { passes, passMs, written, writeMs } = this.#sums;
    this.#sums = {
      passes: passes + 1,
      passMs: passMs + pass.durationMs,
      written: written + pass.delaysMs.length,
      writeMs: pass.delaysMs.reduce((sum, delay) => sum + delay, writeMs),
    };
  }

  /** Returns the sums so far, and goes on measuring for five seconds. */
  watch(): PassSums {
    if (this.#watched === undefined) {
      this.#watched = setTimeout(() => {
        this.close();
      }, WATCHED_MS).unref();
    } else {
      this.#watched.refresh();
    }
    return this.#sums;
  }

  close(): void {
    clearTimeout(this.#watched);
    this.#watched = undefined;
  }
}
