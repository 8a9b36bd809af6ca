import { AsyncResource } from "node:async_hooks";

/** Runs a function outside the asynchronous context of the caller. */
export type DetachedScope = (run: () => void) => void;

/**
 * Makes a scope for work that does not belong to the current request. Without it, a loop or timer that a request
 * starts would keep that request's AsyncLocalStorage for ever.
 */
export function createDetachedScope(): DetachedScope {
  const resource = new AsyncResource("SseHub", { requireManualDestroy: true });
  return (run) => {
    resource.runInAsyncScope(run);
  };
}
