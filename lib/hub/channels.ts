import type { Connection, EndReason } from "../connection/connection.js";
import type { RefusalReason } from "../admission/refusal-reason.js";
import type { Hub } from "./hub.js";
import type { ReturnVerdict } from "../log/cursor.js";
import type { RunEndReason } from "../log/run-store.js";
import type { SessionEndCause } from "../session/session-end-cause.js";

/**
 * What the channels of `node:diagnostics_channel` carry, by name. Nothing is put together for a channel
 * that nobody has subscribed to. Subscribers are called at once, in the middle of the hub's work: be
 * quick. One that throws stops no delivery; Node makes of it an uncaught exception.
 *
 * ```ts
 * import { subscribe } from "node:diagnostics_channel";
 *
 * subscribe("express-sse-hub:end", (message) => {
 *   const { connection, reason } = message as HubChannels["express-sse-hub:end"];
 * });
 * ```
 *
 * Broadcasts have a tracing channel, `tracingChannel("express-sse-hub:broadcast")`, whose events carry a
 * {@link BroadcastTrace} and run in the asynchronous context of the call.
 */
export interface HubChannels {
  /** A connection was told `hub:open`. */
  "express-sse-hub:open": {
    readonly hub: Hub;
    readonly connection: Connection;
    /** What became of the browser's cursor; `null` for `req.sse.open()`, which no cursor counts for. */
    readonly verdict: ReturnVerdict | null;
  };
  /** A connection that was let in has ended, perhaps before it was told `hub:open`. */
  "express-sse-hub:end": {
    readonly hub: Hub;
    readonly connection: Connection;
    readonly reason: EndReason;
  };
  /** A request that asked for a stream got none. */
  "express-sse-hub:refusal": { readonly hub: Hub; readonly reason: RefusalReason };
  /** A pass has given entries of the log to the live connections. */
  "express-sse-hub:pass": {
    readonly hub: Hub;
    /** How many it was about. */
    readonly entries: number;
    /** Connections written to, each once. */
    readonly writes: number;
    /** From its first connection to its last, the turns of others between its slices included. */
    readonly durationMs: number;
    /**
     * For each entry, how long it took until this pass was done: from the call of `broadcast()` on this
     * node, for one of another node from its arrival here. Left out where a log of somebody's own does
     * not say when that was.
     */
    readonly delaysMs: readonly number[];
  };
  /** The streams of a session have ended, since what they were tagged with holds no longer. */
  "express-sse-hub:session": {
    readonly hub: Hub;
    readonly cause: SessionEndCause;
    /** Those that have ended, all of one session. */
    readonly connections: readonly Connection[];
  };
  /** A run of this process has begun, or has ended. */
  "express-sse-hub:run": {
    readonly hub: Hub;
    readonly id: string;
    readonly state: "running" | RunEndReason;
    /** Number of its events. */
    readonly events: number;
  };
}
