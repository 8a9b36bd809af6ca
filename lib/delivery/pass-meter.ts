import type { Pass, PassListener } from "./pass-times.js";

// Who watches asks again within this time.
const WATCHED_MS = 5_000;

/** What passes took while they were watched. They only rise: the difference of two looks tells of the time between. */
export interface PassSums {
  readonly passes: number;
  /** Of all passes together. */
  readonly passMs: number;
  /** Entries whose time is known. */
  readonly written: number;
  /** From the publishing of each of these entries to the end of its pass, all together. */
  readonly writeMs: number;
}

/** Adds up how long passes take while somebody watches, and hands each on to who else wants to know. */
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

  /** Gives the sums so far, and measures for some seconds more. */
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
