import { setImmediate } from "node:timers";

// Taken once: with fake timers, which a test may put in its place, a hub would stand still for ever.
const soon = setImmediate;
let shared: Promise<void> | undefined;

/** Resolves in the next turn of the event loop. Each call has a promise of its own, and callers go on one by one. */
export function ownTurn(): Promise<void> {
  return new Promise((resolve) => {
    soon(resolve);
  });
}

/**
 * Resolves after the current tick, at the latest in the next turn of the event loop. All calls until then share one
 * promise, so that they go on together.
 */
export function nextTurn(): Promise<void> {
  shared ??= new Promise((resolve) => {
    soon(() => {
      shared = undefined;
      resolve();
    });
  });
  return shared;
}
