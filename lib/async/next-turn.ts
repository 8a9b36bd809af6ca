import { setImmediate } from "node:timers/promises";

/** Resolves in the next turn of the event loop, so that other work runs first. */
export function nextTurn(): Promise<void> {
  return setImmediate();
}
