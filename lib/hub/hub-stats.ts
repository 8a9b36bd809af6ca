import type { EndReason } from "../connection/connection.js";
import type { RefusalReason } from "../admission/refusal-reason.js";
import type { ReturnVerdict } from "../log/cursor.js";
import type { RunEndReason } from "../log/run-store.js";
import type { SessionEndCause } from "../session/session-end-cause.js";

/** What {@link Hub.stats} tells. Counts begin with the hub and only rise, unless said otherwise. */
export interface HubStats {
  /** Open now. */
  readonly connections: number;
  /** Connections that were told `hub:open`; those that ended before it count in `closed` alone. */
  readonly opened: number;
  /** Open now and not at the head of the log: just come, or slow. */
  readonly behind: number;
  /** What the log holds now. */
  readonly log: { readonly entries: number; readonly bytes: number };
  /** Events of this node's that the log has taken. */
  readonly published: number;
  /** Events written live, once for each connection. */
  readonly delivered: number;
  /** Events written from the log to connections that were behind, retained ones included. */
  readonly replayed: number;
  /** Volatile events that a connection did not get because it was behind. */
  readonly dropped: number;
  /** Times a connection was overtaken by the log and told so. */
  readonly gaps: number;
  /** Ends by reason; `refused` are those that were never let in. */
  readonly closed: Readonly<Partial<Record<EndReason, number>>>;
  /** Requests for a stream that got none, by reason: one of the `limits`, the store, an origin … */
  readonly refused: Readonly<Partial<Record<RefusalReason, number>>>;
  /**
   * Streams that were joined, by what became of the browser's cursor: `new` came without one. Streams of
   * their own (`req.sse.open()`) have none, and count in `opened` alone.
   */
  readonly returns: Readonly<Partial<Record<ReturnVerdict, number>>>;
  /** Sessions whose streams had to end before their time, by cause: a logout, an expiry … */
  readonly sessionsEnded: Readonly<Partial<Record<SessionEndCause, number>>>;
  readonly runs: {
    /** Runs that this process produces now. */
    readonly running: number;
    /** Streams of this node that follow a run now. */
    readonly followers: number;
    /** Runs that this process has begun. */
    readonly begun: number;
    /** Events of the runs of this process. */
    readonly events: number;
    /** Runs of this process that have ended, by how. */
    readonly ended: Readonly<Partial<Record<RunEndReason, number>>>;
  };
  /** Predicates that threw or gave a promise, each counted once for each broadcast it was given to. */
  readonly filterErrors: number;
}
