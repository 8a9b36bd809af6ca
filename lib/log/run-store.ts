/**
 * Why a run ended. `done`: its source ended. `failed`: its source failed. `cancelled`: it was cancelled. `lost`: its
 * process is gone, or its record was lost.
 */
export type RunEndReason = "done" | "failed" | "cancelled" | "lost";

/** The data of a run that are fixed at its beginning. */
export interface RunHeader {
  /** The id that the application gave it: `[A-Za-z0-9_.-]{1,128}`. */
  readonly id: string;
  /** Distinguishes this run from other runs with the same id, `[A-Za-z0-9_-]{1,32}`. */
  readonly token: string;
  /** A matcher for the users that may follow the run; `null` for everybody. */
  readonly for: object | null;
  /** When it began, in milliseconds since 1970. */
  readonly since: number;
  /** Milliseconds after which its process counts as gone, if it writes nothing and does not renew the lease. */
  readonly leaseMs: number;
  /** Milliseconds for which the record is kept after the end of the run. */
  readonly keepMs: number;
}

/** A run in the store. */
export interface StoredRun extends RunHeader {
  readonly state: "running" | RunEndReason;
  readonly events: number;
  readonly bytes: number;
}

/** What a producer adds to the record of its run. */
export interface RunWrite {
  /** Number of events that are already in the record. */
  readonly after: number;
  /** Events without ids, each ending in a blank line. An empty array only renews the lease. */
  readonly frames: readonly Buffer[];
  /** Ends the record after these events; `null` while the run goes on. */
  readonly end: RunEndReason | null;
}

/**
 * The result of a write. `in`: the events are in the record. `gone`: the store has lost the record or part of it, and
 * nothing was written. Otherwise the reason for which the record had already ended.
 */
export type RunVerdict = "in" | "gone" | RunEndReason;

/** Receives the record of a run. */
export interface RunSink {
  /** The next events, without ids. */
  append(frames: readonly Buffer[]): void;
  /** The end of the run. It is called last. */
  finish(reason: RunEndReason): void;
}

/**
 * The records of runs in a log that several processes share. Every record is whole: a sink receives all events from
 * the first one, in order, and then the end. If that is no longer possible, the run is `lost`.
 */
export interface RunStore {
  /**
   * Begins a record and its lease. Resolves with false if the id belongs to another run that is alive. A record with
   * the same token is replaced.
   */
  begin(run: RunHeader): Promise<boolean>;
  /**
   * Writes to the record and renews the lease. A write that is repeated changes nothing. Waits while the store cannot
   * be reached; rejects if the store refuses.
   */
  write(run: RunHeader, write: RunWrite): Promise<RunVerdict>;
  /**
   * Ends a record as `lost`, unless it has already ended.
   *
   * @param when `expired`: only if its lease has run out
   */
  lose(run: RunHeader, when: "expired" | "now"): Promise<RunVerdict>;
  /** The newest run with this id; `null` if there is none, or its record is no longer kept. */
  find(id: string): Promise<StoredRun | null>;
  /** All runs whose record is kept, the oldest first. */
  list(): Promise<StoredRun[]>;
  /** Passes the record to a sink, from the first event on. Returns a function that stops this. */
  follow(run: RunHeader, sink: RunSink): () => void;
}
