import { setImmediate } from "node:timers";

// Taken once: fake timers, which a test may put in its place, would leave `next` pending for ever.
const soon = setImmediate;
let next: Promise<void> | undefined;

/**
 * Resolves after the current tick, at the latest in the next turn of the event loop. All calls until then share one
 * promise.
 */
export function nextTurn(): Promise<void> {
  next ??= new Promise((resolve) => {
    soon(() => {
      next = undefined;
      resolve();
    });
  });
  return next;
}
