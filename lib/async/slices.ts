import { nextTurn } from "./next-turn.js";

// How long work may hold the event loop before others get a turn. A clock read costs about as much
// as a visit, so it is looked at every few steps.
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

  /** The same, without sparing the look. */
  isLate(): boolean {
    return performance.now() >= this.#endsAt;
  }

  async next(): Promise<void> {
    await nextTurn();
    this.#endsAt = performance.now() + SLICE_MS;
  }
}
