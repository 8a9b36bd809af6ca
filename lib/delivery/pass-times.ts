import { positionIn } from "../log/cursor.js";
import type { LogEntry } from "../log/event-log.js";

/** A pass that has given entries of the log to the live connections. */
export interface Pass {
  /** How many entries it was about. */
  readonly entries: number;
  /** Connections written to, each once. */
  readonly writes: number;
  readonly durationMs: number;
  /** For each entry, how long it took until this pass was done. */
  readonly delaysMs: readonly number[];
}

/** Who is told of passes. */
export interface PassListener {
  /** True while somebody wants to know how long passes take. */
  readonly isTimed: boolean;
  pass(pass: Pass): void;
}

/** How long passes take, and entries until they are written. Nothing is looked at unless somebody asks. */
export class PassTimes {
  readonly #listener: PassListener;
  // Position → when broadcast() was called here, for entries that no pass has reached.
  readonly #calledAt = new Map<number, number>();

  constructor(listener: PassListener) {
    this.#listener = listener;
  }

  /** True while somebody wants to know how long passes take. */
  get isTimed(): boolean {
    return this.#listener.isTimed;
  }

  /** An entry is in the log that `broadcast()` was called for at that time. */
  note(id: string, calledAt: number): void {
    this.#calledAt.set(positionIn(id), calledAt);
  }

  /** Gives when a pass has begun; `null` where nobody asks. */
  start(): number | null {
    return this.isTimed ? performance.now() : null;
  }

  /** The pass that began then has given these entries, with so many writes. */
  finish(startedAt: number | null, entries: readonly LogEntry[], writes: number): void {
    if (startedAt !== null) this.#tell(startedAt, entries, writes);
    this.skip(entries.at(-1)?.position ?? 0);
  }

  /** No pass will give what is up to this position. */
  skip(position: number): void {
    for (const called of this.#calledAt.keys()) {
      // Also what is no position at all, of a log with ids of its own.
      if (!(called > position)) this.#calledAt.delete(called);
    }
  }

  /** Positions mean other entries now. */
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
