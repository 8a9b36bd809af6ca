import { ownTurn } from "./next-turn.js";

// How long work may block the event loop. Reading the clock costs about as much as a step, so it is read only every few
// steps.
const SLICE_MS = 4;
const STEPS_PER_LOOK = 16;

/** Divides long work into slices: `if (slices.isOver()) await slices.next()` after each step. */
export class Slices {
  #steps = 0;
  #endsAt = performance.now() + SLICE_MS;

  isOver(): boolean {
    this.#steps += 1;
    return this.#steps % STEPS_PER_LOOK === 0 && performance.now() >= this.#endsAt;
  }

  /** Like {@link isOver}, but reads the clock at each call. */
  isLate(): boolean {
    return performance.now() >= this.#endsAt;
  }

  async next(): Promise<void> {
    // With nextTurn(), several jobs would go on together, and the first would use up the slice of all.
    await ownTurn();
    this.#endsAt = performance.now() + SLICE_MS;
  }
}
