import { tracingChannel } from "node:diagnostics_channel";
import { isThenable } from "../async/is-thenable.js";
import type { Broadcaster } from "./broadcaster.js";

/** The context of `tracingChannel("express-sse-hub:broadcast")`: the same object in all events of one broadcast. */
export interface BroadcastTrace {
  /** The hub, or the `publisher()`. */
  readonly hub: Broadcaster;
  /** The name of the event, not checked yet. */
  readonly event: unknown;
  /**
   * Set it at `start`, and the log carries it to every node: a text of up to 512 characters, such as a `traceparent`
   * of W3C Trace Context. Anything else is not carried. See `traced` of the channel `express-sse-hub:pass`.
   */
  traceContext?: string;
  /** From `asyncEnd` on: the id of the event, which the log now holds. Left out in a transaction. */
  result?: string;
  /** From `error` on: what the broadcast threw or rejected with. */
  error?: unknown;
}

const BROADCAST = tracingChannel<BroadcastTrace>("express-sse-hub:broadcast");

const MAX_CONTEXT_LENGTH = 512;

/**
 * Runs a broadcast as a traced operation, in the asynchronous context of the caller.
 *
 * @param send receives the trace context that a tracer has set; `undefined`: none
 */
export function traceBroadcast<T>(
  hub: Broadcaster,
  event: unknown,
  send: (traceContext: string | undefined) => T | Promise<T>,
): T | Promise<T> {
  if (!isTraced()) return send(undefined);
  const trace: BroadcastTrace = { hub, event };
  return BROADCAST.tracePromise(() => asPromise(send(contextOf(trace))), trace);
}

function contextOf({ traceContext }: { readonly traceContext?: unknown }): string | undefined {
  const isSound = typeof traceContext === "string" && traceContext.length <= MAX_CONTEXT_LENGTH;
  return isSound ? traceContext : undefined;
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
