import { Counts } from "../diagnostics/counts.js";
import type { RefusalReason } from "./refusal-reason.js";

/** The requests that got no stream. */
export class Refusals {
  readonly #counts = new Counts<RefusalReason>();
  readonly #onRefusal: (reason: RefusalReason) => void;

  constructor(onRefusal: (reason: RefusalReason) => void) {
    this.#onRefusal = onRefusal;
  }

  /** How many there were so far, by reason. */
  get counts(): Readonly<Partial<Record<RefusalReason, number>>> {
    return this.#counts.all;
  }

  note(reason: RefusalReason): void {
    this.#counts.add(reason);
    this.#onRefusal(reason);
  }
}
