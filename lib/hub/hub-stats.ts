import type { EndReason } from "../connection/end-reason.js";
import type { RefusalReason } from "../admission/refusal-reason.js";
import type { SseHubErrorCode } from "../errors/sse-hub-error.js";
import type { ReturnVerdict } from "../log/cursor.js";
import type { RunEndReason } from "../log/run-store.js";
import type { SessionEndCause } from "../session/session-end-cause.js";

/** The numbers that {@link Hub.stats} returns. Counts start when the hub is made and only rise, unless said otherwise. */
export interface HubStats {
  /** Connections open now. */
  readonly connections: number;
  /** Connections that were sent `hub:open`; those that ended before it count in `closed` only. */
  readonly opened: number;
  /** Connections open now that are not at the head of the log, because they are new or slow. */
  readonly behind: number;
  /** What the log holds now. */
  readonly log: { readonly entries: number; readonly bytes: number };
  /** Events broadcast by this node that the log has accepted. */
  readonly published: number;
  /** Events written live, once for each connection. */
  readonly delivered: number;
  /** Events written from the log to connections that were behind, retained ones included. */
  readonly replayed: number;
  /** Volatile events that a connection did not receive because it was behind. */
  readonly dropped: number;
  /** How often a connection was sent `hub:gap`, because events had left the log before it could read them. */
  readonly gaps: number;
  /** Connections that have ended, by reason; `refused` are those that were never admitted. */
  readonly closed: Readonly<Partial<Record<EndReason, number>>>;
  /** Requests for a stream that were refused, by reason: one of the `limits`, the store, an origin … */
  readonly refused: Readonly<Partial<Record<RefusalReason, number>>>;
  /**
   * Streams that joined, by what the hub decided about the browser's cursor; `new` came without a cursor. Streams
   * of `req.sse.open()` have no cursor and count in `opened` only.
   */
  readonly returns: Readonly<Partial<Record<ReturnVerdict, number>>>;
  /** Sessions whose streams the hub has ended, by cause: a logout, an expiry, `hub.refresh()` … */
  readonly sessionsEnded: Readonly<Partial<Record<SessionEndCause, number>>>;
  readonly runs: {
    /** Runs that this process produces now. */
    readonly running: number;
    /** Streams of this node that follow a run now. */
    readonly followers: number;
    /** Runs that this process has started. */
    readonly begun: number;
    /** Events of the runs of this process. */
    readonly events: number;
    /** Runs of this process that have ended, by how they ended. */
    readonly ended: Readonly<Partial<Record<RunEndReason, number>>>;
  };
  /** Predicates that threw or returned a promise, counted once for each broadcast. */
  readonly filterErrors: number;
  /** Errors of the hub's `error` event by code, with or without a listener. */
  readonly errors: Readonly<Partial<Record<SseHubErrorCode, number>>>;
}
