import type { RunStore } from "../log/run-store.js";
import type { OlderPage } from "./backfill.js";
import type { LogDraft } from "../log/event-log.js";
import type { LogMirror } from "./log-mirror.js";
import type { LogSession } from "./log-session.js";
import type { LogState, SeenEntry } from "./log-state.js";
import type { PendingAppend } from "./pending-append.js";
import type { Answers } from "./answers.js";
import type { Reconnector, ReconnectorParts } from "./reconnector.js";
import type { Trouble } from "./trouble.js";

/** What a kind of server, such as Redis, implements for a shared log. */
export interface Engine<S extends LogSession> extends Answers<S> {
  /** Its name for messages, such as `Redis`. */
  readonly name: string;
  /** Connects to the server of the log. */
  open(): Promise<S>;
  /** Checks the configuration of the server. Resolves with a problem of a server that works; `null` for none. */
  warningOf(session: S): Promise<Trouble | null>;
  /** Turns an error of the server into what is wrong and what to do. */
  troubleOf(cause: unknown): Trouble;
  /**
   * Called first on a connection, and again when the epoch of the log has ended. Begins a new epoch if the server is
   * not the one that holds the log, or if it has lost newest entries that nodes may have read. So the same id never
   * names two entries.
   */
  ensureEpoch(session: S, seen: SeenEntry | null): Promise<LogState>;
  /** Appends entries in their order, each once: the server recognizes a repeated entry by its sequence. */
  append(session: S, epoch: string, batch: readonly PendingAppend[]): Promise<AppendAnswer[]>;
  /** Reads new entries for the whole node until the connection is lost. */
  read(session: S, reading: Reading): Promise<never>;
  /** See `BackfillParts.readOlder`. */
  readOlder(session: S, mirror: LogMirror, start: number): Promise<OlderPage | null>;
  /** The epoch and the head of the log; `null` if no epoch has begun. */
  headOf(session: S): Promise<{ readonly epoch: string; readonly head: number } | null>;
  /** See `EventLog.within`. */
  within?(transaction: object): (draft: LogDraft) => Promise<void>;
  /** Tells the server that this node stops and answers no more questions. */
  leave(session: S): Promise<unknown>;
  /** Makes the store for the records of runs on this server. */
  createRuns(parts: RunsParts<S>): ServerRuns;
}

/** What the store for runs is given by the log. */
export interface RunsParts<S extends LogSession> {
  readonly node: string;
  /** Milliseconds that a call may take while the server cannot be reached. */
  readonly deadlineMs: number;
  whenUp(): Promise<S>;
  /** Opens a connection for a reader. */
  connect(served: Pick<ReconnectorParts<S>, "serve">): Pick<Reconnector<S>, "close">;
}

/** The records of runs on a server. It has connections of its own. */
export interface ServerRuns extends RunStore {
  close(): Promise<void>;
}

/** Where a reader puts the entries, and what it reports. */
export interface Reading {
  readonly mirror: LogMirror;
  /** The connection can read. */
  up(): void;
  /** Everything in the log has been read. */
  onHead(): void;
  /** There is a problem although reading works; `null`: the problem is over. */
  onWarning(warning: Trouble | null): void;
}

/** The result for one appended entry. */
export type AppendAnswer =
  /** The entry is in the log. Position 0: the server no longer knows where. `trimmed`: the newest entry that is gone. */
  | {
      readonly kind: "in";
      readonly epoch: string;
      readonly position: number;
      readonly trimmed: number;
    }
  /**
   * The entry is not in the log. `epoch`: a new epoch has begun. `behind`: an entry that must come before it is not in.
   * `again`: send it again.
   */
  | { readonly kind: "epoch" | "behind" | "again" }
  /**
   * The server refused the entry, or the connection was lost before its answer. `isElsewhere`: another server would
   * accept it.
   */
  | { readonly kind: "refused"; readonly cause: unknown; readonly isElsewhere: boolean };
