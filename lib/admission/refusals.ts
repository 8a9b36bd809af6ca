import { Counts } from "../diagnostics/counts.js";
import type { Diagnostics } from "../hub/diagnostics.js";
import type { RefusalReason } from "./refusal-reason.js";

/** The requests that got no stream. */
export class Refusals {
  readonly #counts = new Counts<RefusalReason>();
  readonly #diagnostics: Diagnostics;

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics;
  }

  /** How many there were so far, by reason. */
  get counts(): Readonly<Partial<Record<RefusalReason, number>>> {
    return this.#counts.all;
  }

  note(reason: RefusalReason): void {
    this.#counts.add(reason);
    this.#diagnostics.refusal(reason);
  }
}
