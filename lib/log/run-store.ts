/** Why a run ended: its source ended or failed, somebody cancelled it, or its process is gone. */
export type RunEndReason = "done" | "failed" | "cancelled" | "lost";

/** What is known of a run from its beginning. */
export interface RunHeader {
  /** The application's name for it: `[A-Za-z0-9_.-]{1,128}`. */
  readonly id: string;
  /** Names this run among all that have had its id, `[A-Za-z0-9_-]{1,32}`. */
  readonly token: string;
  /** A matcher; `null` for everybody. */
  readonly for: object | null;
  /** When it began, in milliseconds since 1970. */
  readonly since: number;
  /** Milliseconds without a sign of life after which its process counts as gone. */
  readonly leaseMs: number;
  /** Milliseconds for which it is kept after its end. */
  readonly keepMs: number;
}

/** A run as the store has it. */
export interface StoredRun extends RunHeader {
  readonly state: "running" | RunEndReason;
  readonly events: number;
  readonly bytes: number;
}

/** What a producer adds to the record of its run. */
export interface RunWrite {
  /** Number of events that are in the record already. */
  readonly after: number;
  /** Events without ids, each ending in a blank line. None renews the lease, and nothing else. */
  readonly frames: readonly Buffer[];
  /** Ends the record behind them; `null` while the run goes on. */
  readonly end: RunEndReason | null;
}

/**
 * What became of a write: `in` the record; `gone`: the store has lost the record or part of it, and nothing
 * was written; or why the record had ended before.
 */
export type RunVerdict = "in" | "gone" | RunEndReason;

/** Who is given the record of a run. */
export interface RunSink {
  /** The next events, without ids. */
  append(frames: readonly Buffer[]): void;
  /** The end, after the last event. Nothing comes after it. */
  finish(reason: RunEndReason): void;
}

/**
 * The records of runs in a log that several processes share. Every record is whole: what a sink is given are
 * all events from the first, in order, and the end behind them. Where that is not possible any more, the
 * run is `lost`.
 */
export interface RunStore {
  /**
   * Begins a record, with its lease. Gives false while the id belongs to another run that is alive; a record
   * with the same token is made anew.
   */
  begin(run: RunHeader): Promise<boolean>;
  /**
   * Writes to the record, once: a write that is repeated changes nothing. Renews the lease. Waits while the
   * store cannot be reached; rejects where the store refuses.
   */
  write(run: RunHeader, write: RunWrite): Promise<RunVerdict>;
  /**
   * Ends a record as `lost`, if nothing has ended it before.
   *
   * @param when `expired`: only if its lease has run out
   */
  lose(run: RunHeader, when: "expired" | "now"): Promise<RunVerdict>;
  /** The run that has this id now, or had it last; `null` where it is unknown or forgotten. */
  find(id: string): Promise<StoredRun | null>;
  /** All runs that are not forgotten, the oldest first. */
  list(): Promise<StoredRun[]>;
  /** Gives the record to a sink, from the first event on. Returns what stops that. */
  follow(run: RunHeader, sink: RunSink): () => void;
}
