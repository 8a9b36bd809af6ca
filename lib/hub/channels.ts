import type { Connection } from "../connection/connection.js";
import type { EndReason } from "../connection/end-reason.js";
import type { RefusalReason } from "../admission/refusal-reason.js";
import type { Hub } from "./hub.js";
import type { ReturnVerdict } from "../log/cursor.js";
import type { RunEndReason } from "../log/run-store.js";
import type { SessionEndCause } from "../session/session-end-cause.js";

/**
 * The messages that the hub publishes on channels of `node:diagnostics_channel`, by channel name. A channel
 * without subscribers costs nothing: its messages are not built. Subscribers run synchronously in the middle
 * of the hub's work, so keep them short. If one throws, delivery goes on and Node raises an uncaught exception.
 *
 * ```ts
 * import { subscribe } from "node:diagnostics_channel";
 *
 * subscribe("express-sse-hub:end", (message) => {
 *   const { connection, reason } = message as HubChannels["express-sse-hub:end"];
 * });
 * ```
 *
 * Broadcasts have a tracing channel, `tracingChannel("express-sse-hub:broadcast")`. Its events carry a
 * {@link BroadcastTrace}, and its subscribers run in the asynchronous context of the call.
 */
export interface HubChannels {
  /** A connection was sent `hub:open`. */
  "express-sse-hub:open": {
    readonly hub: Hub;
    readonly connection: Connection;
    /** What the hub decided about the browser's cursor; `null` for `req.sse.open()`, which uses no cursor. */
    readonly verdict: ReturnVerdict | null;
  };
  /** A connection that was admitted has ended, possibly before it was sent `hub:open`. */
  "express-sse-hub:end": {
    readonly hub: Hub;
    readonly connection: Connection;
    readonly reason: EndReason;
  };
  /** A request for a stream was refused. */
  "express-sse-hub:refusal": { readonly hub: Hub; readonly reason: RefusalReason };
  /** One pass of the fan-out has delivered entries of the log to the live connections. */
  "express-sse-hub:pass": {
    readonly hub: Hub;
    /** Number of entries that this pass delivered. */
    readonly entries: number;
    /** Number of connections that this pass wrote to. */
    readonly writes: number;
    /**
     * Time from the first connection to the last. A long pass yields to the event loop; that time is included.
     */
    readonly durationMs: number;
    /**
     * For each entry, how long it took until this pass was done. The time starts at the call of `broadcast()` on
     * this node, or at the arrival of an entry from another node. An entry is left out if a custom log does not
     * say when it arrived.
     */
    readonly delaysMs: readonly number[];
    /**
     * The entries whose broadcast had a {@link BroadcastTrace.traceContext}, on this node or another: with their
     * `id`, that context, and their delay as above, or `null` if the delay is not known. Connections that are behind
     * receive these entries later, and no message reports that.
     */
    readonly traced: ReadonlyArray<{
      readonly id: string;
      readonly traceContext: string;
      readonly delayMs: number | null;
    }>;
  };
  /** The hub has ended the streams of a session; `cause` says why. */
  "express-sse-hub:session": {
    readonly hub: Hub;
    readonly cause: SessionEndCause;
    /** The connections that have ended, all of one session. */
    readonly connections: readonly Connection[];
  };
  /** A run of this process has begun or ended. */
  "express-sse-hub:run": {
    readonly hub: Hub;
    readonly id: string;
    readonly state: "running" | RunEndReason;
    /** Number of events the run has produced so far. */
    readonly events: number;
  };
}
