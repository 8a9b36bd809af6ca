import type { RunStore } from "../log/run-store.js";
import type { OlderPage } from "./backfill.js";
import type { LogDraft } from "../log/event-log.js";
import type { LogMirror } from "./log-mirror.js";
import type { LogSession } from "./log-session.js";
import type { LogState, SeenEntry } from "./log-state.js";
import type { PendingAppend } from "./pending-append.js";
import type { Answers } from "./questions.js";
import type { Reconnector, ReconnectorParts } from "./reconnector.js";
import type { Trouble } from "./trouble.js";

/** What one kind of server does for a log that several nodes share. */
export interface Engine<S extends LogSession> extends Answers<S> {
  /** Its name, as in "Redis is back". */
  readonly name: string;
  /** Connects to the server of the log. */
  open(): Promise<S>;
  /** Asks the server of itself. Gives what is wrong while everything works; `null` for nothing. */
  warningOf(session: S): Promise<Trouble | null>;
  troubleOf(cause: unknown): Trouble;
  /**
   * Said on a connection before anything else, and again where the life of the log has ended meanwhile.
   * Where the server is not what the log was written to, or has lost a part of its end that others may
   * have read, a new life begins: an id is never given twice.
   */
  ensureEpoch(session: S, seen: SeenEntry | null): Promise<LogState>;
  /** Adds entries in their order, each once: one that is in already is known by its sequence. */
  append(session: S, epoch: string, batch: readonly PendingAppend[]): Promise<AppendAnswer[]>;
  /** Reads on at the head, for the whole node, until the connection is lost. */
  read(session: S, reading: Reading): Promise<never>;
  /** See `BackfillParts.readOlder`. */
  readOlder(session: S, mirror: LogMirror, start: number): Promise<OlderPage | null>;
  /** Which life of the log there is, and where its head is; `null`: none has begun. */
  headOf(session: S): Promise<{ readonly epoch: string; readonly head: number } | null>;
  /** See `EventLog.within`. */
  within?(transaction: object): (draft: LogDraft) => Promise<void>;
  /** The node goes, and answers no more. */
  leave(session: S): Promise<unknown>;
  /** Keeps the records of runs on the server. */
  createRuns(parts: RunsParts<S>): ServerRuns;
}

/** What the runs of a log need of it. */
export interface RunsParts<S extends LogSession> {
  readonly node: string;
  /** Milliseconds that a call may take while the server is away. */
  readonly deadlineMs: number;
  whenUp(): Promise<S>;
  /** Connects for a reader. */
  connect(served: Pick<ReconnectorParts<S>, "serve">): Pick<Reconnector<S>, "close">;
}

/** The records of runs on a server, on connections of their own. */
export interface ServerRuns extends RunStore {
  close(): Promise<void>;
}

/** What a reader reads into, and what it calls. */
export interface Reading {
  readonly mirror: LogMirror;
  /** It can read. */
  up(): void;
  /** All that is in the log has been read. */
  onHead(): void;
  /** Something is wrong while it reads; `null`: no more. */
  onWarning(warning: Trouble | null): void;
}

/** What became of one entry. */
export type AppendAnswer =
  /** It is in. Position 0: where is not known any more. `trimmed`: the newest entry that is gone. */
  | {
      readonly kind: "in";
      readonly epoch: string;
      readonly position: number;
      readonly trimmed: number;
    }
  /** Not in: another life of the log has begun; what had to be in before it is not; or just ask again. */
  | { readonly kind: "epoch" | "behind" | "again" }
  /** Refused, or without an answer where the connection is lost. `isElsewhere`: another server would take it. */
  | { readonly kind: "refused"; readonly cause: unknown; readonly isElsewhere: boolean };
