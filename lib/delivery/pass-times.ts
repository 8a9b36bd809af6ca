import { positionIn, toId } from "../log/cursor.js";
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
  /** The entries with a trace context. */
  readonly traced: readonly TracedEntry[];
}

/** An entry of a pass with a trace context. */
export interface TracedEntry {
  readonly id: string;
  readonly traceContext: string;
  /** How long it took until the pass was done; `null` if the log does not say when the entry arrived. */
  readonly delayMs: number | null;
}

/** The result of a pass: its entries, the number of writes, and the epoch of the log. */
interface Given {
  readonly entries: readonly LogEntry[];
  readonly writes: number;
  readonly epoch: string;
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

  /** The pass that began at this time is done. */
  finish(startedAt: number | null, given: Given): void {
    if (startedAt !== null) this.#tell(startedAt, given);
    this.skip(given.entries.at(-1)?.position ?? 0);
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

  #tell(startedAt: number, { entries, writes, epoch }: Given): void {
    const now = performance.now();
    const delaysMs: number[] = [];
    const traced: TracedEntry[] = [];
    for (const { position, appendedAt, traceContext } of entries) {
      const since = this.#calledAt.get(position) ?? appendedAt;
      const delayMs = since === undefined ? null : now - since;
      if (delayMs !== null) delaysMs.push(delayMs);
      if (traceContext === undefined) continue;
      traced.push({ id: toId(epoch, position), traceContext, delayMs });
    }
    this.#listener.pass({
      entries: entries.length,
      writes,
      durationMs: now - startedAt,
      delaysMs,
      traced,
    });
  }
}
