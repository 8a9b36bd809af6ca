import { AsyncResource } from "node:async_hooks";

/** Runs a function outside of the asynchronous context it is called in. */
export type DetachedScope = (run: () => void) => void;

/**
 * Gives a way out of the request that happens to be at work: without it a loop or timer that a
 * request started would run in that request's AsyncLocalStorage for ever.
 */
export function createDetachedScope(): DetachedScope {
  const resource = new AsyncResource("SseHub", { requireManualDestroy: true });
  return (run) => {
    resource.runInAsyncScope(run);
  };
}
