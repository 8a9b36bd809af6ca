import { Counts } from "../diagnostics/counts.js";
import type { Limits } from "./limits.js";
import type { RefusalReason } from "./refusal-reason.js";

// A browser above a limit asks again later than one that only lost its stream: the limit will last.
const LIMIT_FACTOR = 5;

/** How many times the usual `retry:` a browser waits before it asks again, by the reason of the refusal. */
export function retryFactorOf(reason: RefusalReason): number {
  return Object.hasOwn(LIMITS, reason) ? LIMIT_FACTOR : 1;
}

const LIMITS: Readonly<Record<keyof Limits, true>> = {
  connections: true,
  perUser: true,
  perSession: true,
  perAddress: true,
};

/** Counts the requests that were refused. */
export class Refusals {
  readonly #counts = new Counts<RefusalReason>();
  readonly #onRefusal: (reason: RefusalReason) => void;

  constructor(onRefusal: (reason: RefusalReason) => void) {
    this.#onRefusal = onRefusal;
  }

  /** Number of refused requests so far, by reason. */
  get counts(): Readonly<Partial<Record<RefusalReason, number>>> {
    return this.#counts.all;
  }

  note(reason: RefusalReason): void {
    this.#counts.add(reason);
    this.#onRefusal(reason);
  }
}
