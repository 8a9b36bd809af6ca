import { tracingChannel } from "node:diagnostics_channel";
import { isThenable } from "../async/is-thenable.js";
import type { Broadcaster } from "./broadcaster.js";

/** The context of `tracingChannel("express-sse-hub:broadcast")`: one object from start to end. */
export interface BroadcastTrace {
  /** The hub, or the `publisher()`. */
  readonly hub: Broadcaster;
  /** Name of the event, not checked yet. */
  readonly event: unknown;
  /** Its id, at `asyncEnd`: the log holds it. Left out where it is a part of a transaction. */
  result?: string;
  /** At `error`: what was thrown or rejected with. */
  error?: unknown;
}

const BROADCAST = tracingChannel<BroadcastTrace>("express-sse-hub:broadcast");

/** Runs a broadcast as an operation to be traced, in the caller's asynchronous context. */
export function traceBroadcast<T>(
  hub: Broadcaster,
  event: unknown,
  send: () => T | Promise<T>,
): T | Promise<T> {
  if (!isTraced()) return send();
  return BROADCAST.tracePromise(() => asPromise(send()), { hub, event });
}

function asPromise<T>(sent: T | Promise<T>): Promise<T> {
  return isThenable(sent) ? sent : Promise.resolve(sent);
}

// Early versions of Node 20 neither tell this together nor ask it before they set out.
function isTraced(): boolean {
  const { start, end, asyncStart, asyncEnd, error } = BROADCAST;
  return (
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers
  );
}
