import type { SseHubError } from "../errors/sse-hub-error.js";
import type { RunStore } from "./run-store.js";

/** The connections that an entry is for. All parts must hold; `null` does not restrict. */
export interface Audience {
  /** Connections that are in at least one of these rooms. */
  readonly rooms: readonly string[] | null;
  /** Connections that match: a matcher (plain data) or, in a log that is not shared, a predicate. */
  readonly filter: object | null;
  /** All connections but the one with this id. */
  readonly except: string | null;
}

/** An event to append: its encoded fields without the id, and its audience. */
export interface LogDraft {
  readonly frame: Buffer;
  readonly audience: Audience;
  /**
   * Key under which the entry is retained for browsers that connect later, until a newer entry replaces it; `null`
   * for none. An entry for no one (`rooms: []`) removes what is retained under the key.
   */
  readonly retainKey: string | null;
  /** Milliseconds after which the entry is no longer retained; `null` or left out: no limit. */
  readonly retainMs?: number | null;
  /** True for an entry without id that is only for live connections, and that replay skips. */
  readonly isVolatile: boolean;
  /** See {@link LogEntry.sentBy}. */
  readonly sentBy?: object | null;
  /** The trace context that a tracer has set; it is passed to the nodes that deliver the event. Left out: none. */
  readonly traceContext?: string;
}

/** An entry of the log: an event with its position, ready for the wire. */
export interface LogEntry {
  /** A safe integer above 0, higher than that of every entry before. */
  readonly position: number;
  /** The whole event, ending in a blank line. All readers share the buffer: never change it. */
  readonly bytes: Buffer;
  readonly audience: Audience;
  /** True if `bytes` holds no id and replay skips the entry. */
  readonly isVolatile: boolean;
  /**
   * When the entry was appended here, or arrived from another node, on the clock of `performance.now()`. A log may
   * leave it out; then the delays of its entries are not measured.
   */
  readonly appendedAt?: number;
  /**
   * For an entry that was sent from a dashboard: the user who sent it; `null` if that page had no user. Only dashboards
   * show it: it is not in `bytes`, so no browser receives it. Left out for all other entries; a log may leave it out.
   */
  readonly sentBy?: object | null;
  /** The trace context of the draft. If a log leaves it out, tracers cannot connect an entry with its broadcast. */
  readonly traceContext?: string;
}

/** Consecutive entries of the log, oldest first. */
export interface LogPage {
  readonly entries: readonly LogEntry[];
  /** True if entries after the requested position have left the log. `entries` is then empty. */
  readonly isTrimmed: boolean;
}

/** A message of one node to all others through the log: plain JSON. The log does not interpret it. */
export type Notice = Readonly<Record<string, unknown>>;

/** Is called when something happens to a log. Its methods must not throw. */
export interface LogFollower {
  /** The head has moved. */
  onMove(): void;
  /**
   * Another node has sent a message. Called in the order of the log: before this node can read any entry that was
   * appended after the message.
   */
  onNotice(notice: Notice): void;
  /**
   * Entries, and possibly messages, are gone before this node could read them, or a new epoch of the log has begun.
   * `epoch` and `head` already have their new values. A reader that was at the head has missed something.
   */
  onBreak(): void;
  /** A node asks all nodes, this one included. Returns the answer as plain JSON. */
  onQuestion(question: Notice): unknown;
  /** Something failed at run time; emitted as the hub's `error` event. */
  onError(error: SseHubError): void;
}

/** The state of a log, for monitoring. */
export interface LogHealth {
  /** `degraded`: the log cannot be reached. Broadcasts wait, and events of other nodes do not arrive. */
  readonly status: "ok" | "degraded";
  /** When this status began, in milliseconds since 1970. */
  readonly since: number;
  /** How far this node may be behind the newest entry, in milliseconds; 0 if it has just read. */
  readonly lagMs: number;
  /**
   * What is wrong and what to do: the message of the newest `ERR_SSE_LOG`. There may be a problem while the log works,
   * for example if Redis is configured so that it may delete the log. Left out or `null`: nothing is wrong.
   */
  readonly problem?: string | null;
}

/**
 * The ordered, bounded record of broadcasts that every connection reads from.
 *
 * **Required**: all members but `within` and `runs`. Two rules carry the hub's promises. *One order*: positions rise, and
 * every reader on every node sees the entries in that order. *No silent gap*: `read` returns every entry after a
 * position, or says that some are gone.
 */
export interface EventLog {
  /** True if entries leave this process, so that their audience must be plain data. */
  readonly isShared: boolean;
  /**
   * Names this epoch of the log, `[A-Za-z0-9_-]{1,32}`. A log that starts again begins
   * a new epoch; positions of another epoch have no meaning. Empty until a shared log was reached for the first time.
   */
  readonly epoch: string;
  /** Position of the newest entry that this node can read; 0 if there was none. */
  readonly head: number;
  /** Position of the newest entry that has left the log; 0 if none has. A cursor before it has missed entries. */
  readonly trimmed: number;
  /**
   * A cursor before this position should be refreshed: since then, entries for a quarter of the log's bounds have been
   * appended. 0 until that many have been appended.
   */
  readonly stale: number;
  /**
   * The newest entry of each retain key, oldest first, even if it has left the log. Not an entry that was cleared, or
   * that is older than its `retainMs`.
   */
  readonly retained: Iterable<LogEntry>;
  /** What the log holds on this node, for `hub.stats()`. */
  readonly size: { readonly entries: number; readonly bytes: number };
  /** The key with which session ids are hashed before they are sent to other nodes. The same on every node. */
  readonly sessionLabel: string;
  readonly health: LogHealth;
  /**
   * Appends an entry at the head. Returns its id, or a promise that resolves with the id once the log holds the
   * entry. If there is nothing to wait for, return the id itself: a broadcast then needs memory only for its entry.
   */
  append(draft: LogDraft): string | Promise<string>;
  /**
   * **Optional**: returns a function that appends entries as part of the caller's transaction. The entries are in the
   * log if and only if the transaction commits, after everything that was read before the commit.
   *
   * @throws SseHubTypeError `ERR_SSE_OPTION` if the argument is not a transaction of the log's database
   */
  within?(transaction: object): (draft: LogDraft) => Promise<void>;
  /** Returns whole entries after a position, about `maxBytes` together, and at least one if there is one. */
  read(after: number, maxBytes: number): LogPage | Promise<LogPage>;
  /** Resolves when this node has read what the log held at the call. Waits while the log cannot be reached. */
  catchUp(): Promise<void>;
  /**
   * Sends a message to the followers on all other nodes. Resolves once the log holds it; entries that are appended
   * later come after it.
   */
  tell(notice: Notice): Promise<void>;
  /** Asks the followers on all nodes, this one included. Resolves with the answers of the nodes that are alive. */
  ask(question: Notice): Promise<unknown[]>;
  /** **Optional**: the records of runs, in a shared log. Left out: the log keeps none. */
  readonly runs?: RunStore;
  /** Calls a follower from now on. Returns a function that stops this. */
  follow(follower: LogFollower): () => void;
  /** Stops the timers of the log and closes its connections. Idempotent. */
  close(): Promise<void>;
}
