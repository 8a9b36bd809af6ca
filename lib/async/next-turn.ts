import { setImmediate } from "node:timers/promises";

/** Resolves in the next turn of the event loop, after others had theirs. */
export function nextTurn(): Promise<void> {
  return setImmediate();
}
