import { tracingChannel } from "node:diagnostics_channel";
import { isThenable } from "../async/is-thenable.js";
import type { Broadcaster } from "./broadcaster.js";

/** The context of `tracingChannel("express-sse-hub:broadcast")`: the same object in all events of one broadcast. */
export interface BroadcastTrace {
  /** The hub, or the `publisher()`. */
  readonly hub: Broadcaster;
  /** The name of the event, not checked yet. */
  readonly event: unknown;
  /** From `asyncEnd` on: the id of the event, which the log now holds. Left out in a transaction. */
  result?: string;
  /** From `error` on: what the broadcast threw or rejected with. */
  error?: unknown;
}

const BROADCAST = tracingChannel<BroadcastTrace>("express-sse-hub:broadcast");

/** Runs a broadcast as a traced operation, in the asynchronous context of the caller. */
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

// Early versions of Node 20 have no `hasSubscribers` on a tracing channel, and trace without subscribers too.
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
