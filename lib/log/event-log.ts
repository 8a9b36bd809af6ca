import type { SseHubError } from "../errors/sse-hub-error.js";
import type { RunStore } from "./run-store.js";

/** Who an entry is for. All parts must hold; a part that is `null` holds for everybody. */
export interface Audience {
  /** In at least one of these rooms. */
  readonly rooms: readonly string[] | null;
  /** A matcher (plain data) or, in a log that is not shared, a predicate. */
  readonly filter: object | null;
  /** Not the connection with this id. */
  readonly except: string | null;
}

/** What is appended: the fields of an event without its id, and who it is for. */
export interface LogDraft {
  readonly frame: Buffer;
  readonly audience: Audience;
  /**
   * Key under which the newest entry is kept for newcomers too; `null` for none. An entry for nobody (`rooms: []`)
   * takes back what is kept under it.
   */
  readonly retainKey: string | null;
  /** Milliseconds after which newcomers are not given the entry any more; `null` or left out: no limit. */
  readonly retainMs?: number | null;
  /** For those who are there now: without id, and passed over by replay. */
  readonly isVolatile: boolean;
}

/** What the log holds: the same with its place in the order, ready for the wire. */
export interface LogEntry {
  /** A safe integer above 0, higher than that of every entry before. */
  readonly position: number;
  /** The whole event, ending in a blank line. Shared by all readers: never written to. */
  readonly bytes: Buffer;
  readonly audience: Audience;
  /** True when `bytes` holds no id, and replay passes the entry over. */
  readonly isVolatile: boolean;
  /**
   * When it was appended here, or arrived from another node, on the clock of `performance.now()`. A log
   * may leave it out; then nobody is told how long its entries take.
   */
  readonly appendedAt?: number;
}

/** A stretch of the log, oldest first. */
export interface LogPage {
  readonly entries: readonly LogEntry[];
  /** True when entries after the asked position had left the log already: a hole, so `entries` is empty. */
  readonly isTrimmed: boolean;
}

/** What one node says to all through the log: plain JSON. What it means is the hub's business. */
export type Notice = Readonly<Record<string, unknown>>;

/** Who is told what happens to a log. Nothing of it may throw. */
export interface LogFollower {
  /** The head has moved. */
  onMove(): void;
  /**
   * Another node has told something. Called at its place in the order: before anything that was
   * appended after it can be read here.
   */
  onNotice(notice: Notice): void;
  /**
   * Entries are gone that this node never read, notices perhaps among them, or another life of the
   * log has begun. `epoch` and `head` are the new ones; a reader that was at the head has missed something.
   */
  onBreak(): void;
  /** A node asks all nodes, this one included. The answer is plain JSON. */
  onQuestion(question: Notice): unknown;
  /** Trouble at run time, for the hub's `error` event. */
  onError(error: SseHubError): void;
}

/** How a log is, for readiness probes. */
export interface LogHealth {
  /** `degraded`: it cannot be reached, so broadcasts wait and what others publish does not come. */
  readonly status: "ok" | "degraded";
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  /** How far this node may be behind the newest entry, in milliseconds; 0 when it has just looked. */
  readonly lagMs: number;
  /**
   * What is wrong, and what to do: the text of the newest `ERR_SSE_LOG`. It may be there while the log works,
   * such as for a Redis that may delete it. Left out or `null`: nothing.
   */
  readonly problem?: string | null;
}

/**
 * The ordered, bounded record of broadcasts that every connection is fed from.
 *
 * **Required**: all members but `within` and `runs`. Two rules carry the hub's promises. *One order*: positions rise, and
 * every reader on every node sees the entries in that order. *No silent hole*: `read` gives every
 * entry after a position, or says that some are gone.
 */
export interface EventLog {
  /** True when entries leave this process, so that their audience must be plain data. */
  readonly isShared: boolean;
  /**
   * Names this life of the log, `[A-Za-z0-9_-]{1,32}`; empty before a shared log was first reached.
   * Positions of another epoch mean nothing here.
   */
  readonly epoch: string;
  /** Position of the newest entry this node may read; 0 when there was none. */
  readonly head: number;
  /** Position of the newest entry that has left the log; 0 when none has. A cursor before it has a hole. */
  readonly trimmed: number;
  /**
   * Position before which a cursor is to be refreshed: a quarter of what the log can hold has come
   * since. 0 while less has come.
   */
  readonly stale: number;
  /**
   * The newest entry of each retain key, oldest first, also those that have left the log; none that was taken
   * back, or that is older than its `retainMs`.
   */
  readonly retained: Iterable<LogEntry>;
  /** What the log holds on this node, for `hub.stats()`. */
  readonly size: { readonly entries: number; readonly bytes: number };
  /** What session ids are hashed with wherever they are named: the same on every node. */
  readonly sessionLabel: string;
  readonly health: LogHealth;
  /**
   * Adds an entry at the head. Gives its id once the log holds it: at once, where nothing has to be waited for.
   * Then a broadcast costs no memory beside its entry.
   */
  append(draft: LogDraft): string | Promise<string>;
  /**
   * **Optional**: gives what adds entries as a part of a transaction of the caller's. They are in the log if and
   * only if it commits, at a place behind everything that was read before the commit.
   *
   * @throws SseHubTypeError `ERR_SSE_OPTION` for what is no transaction of the database the log is in
   */
  within?(transaction: object): (draft: LogDraft) => Promise<void>;
  /** Entries after a position, whole entries of about `maxBytes` together, at least one if there is one. */
  read(after: number, maxBytes: number): LogPage | Promise<LogPage>;
  /** Resolves when this node has read what the log held at the call; waits while it cannot be reached. */
  catchUp(): Promise<void>;
  /**
   * Tells the followers on all other nodes. Resolves once the log holds it; what is appended later
   * comes after it.
   */
  tell(notice: Notice): Promise<void>;
  /** Asks the followers on all nodes, this one included. Gives the answers of those that are alive. */
  ask(question: Notice): Promise<unknown[]>;
  /** Where the records of runs are, in a log that is shared. Left out: it keeps none. */
  readonly runs?: RunStore;
  /** Tells a follower from now on. Returns what takes it off again. */
  follow(follower: LogFollower): () => void;
  /** Ends timers and connections of the log. Idempotent. */
  close(): Promise<void>;
}
