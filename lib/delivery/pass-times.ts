import { positionIn } from "../log/cursor.js";
import type { LogEntry } from "../log/event-log.js";

/** One pass of the fan-out that has delivered entries to the live connections. */
export interface Pass {
  /** Number of entries. */
  readonly entries: number;
  /** Number of connections written to. */
  readonly writes: number;
  readonly durationMs: number;
  /** For each entry, how long it took until this pass was done. */
  readonly delaysMs: readonly number[];
}

/** Receives the times of passes. */
export interface PassListener {
  /** True while passes must be timed. */
  readonly isTimed: boolean;
  pass(pass: Pass): void;
}

/** Measures how long passes take, and how long entries wait until they are written. Idle unless `isTimed`. */
export class PassTimes {
  readonly #listener: PassListener;
  // Position → when broadcast() was called here, for entries that are not delivered yet.
  readonly #calledAt = new Map<number, number>();

  constructor(listener: PassListener) {
    this.#listener = listener;
  }

  /** True while passes must be timed. */
  get isTimed(): boolean {
    return this.#listener.isTimed;
  }

  /** The log has accepted a broadcast that was called at that time. */
  note(id: string, calledAt: number): void {
    this.#calledAt.set(positionIn(id), calledAt);
  }

  /** Returns the start time of a pass; `null` if passes are not timed. */
  start(): number | null {
    return this.isTimed ? performance.now() : null;
  }

  /** A pass is done: it has delivered these entries with this number of writes. */
  finish(startedAt: number | null, entries: readonly LogEntry[], writes: number): void {
    if (startedAt !== null) this.#tell(startedAt, entries, writes);
    this.skip(entries.at(-1)?.position ?? 0);
  }

  /** No further pass will deliver entries up to this position. */
  skip(position: number): void {
    for (const called of this.#calledAt.keys()) {
      // Negated, so that NaN is deleted too: the ids of a custom log may hold no position.
      if (!(called > position)) this.#calledAt.delete(called);
    }
  }

  /** Forgets all times: after a break, positions mean other entries. */
  clear(): void {
    this.#calledAt.clear();
  }

  #tell(startedAt: number, entries: readonly LogEntry[], writes: number): void {
    const now = performance.now();
    const delaysMs = entries.flatMap(({ position, appendedAt }) => {
      const since = this.#calledAt.get(position) ?? appendedAt;
      return since === undefined ? [] : [now - since];
    });
    this.#listener.pass({
      entries: entries.length,
      writes,
      durationMs: now - startedAt,
      delaysMs,
    });
  }
}
