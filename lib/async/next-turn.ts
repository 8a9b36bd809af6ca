import { setImmediate } from "node:timers";

let next: Promise<void> | undefined;

/** Resolves in the next turn of the event loop, so that other work runs first. All calls of a turn share one promise. */
export function nextTurn(): Promise<void> {
  next ??= new Promise((resolve) => {
    setImmediate(() => {
      next = undefined;
      resolve();
    });
  });
  return next;
}
