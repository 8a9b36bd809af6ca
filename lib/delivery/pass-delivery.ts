import type { LogEntry } from "../log/event-log.js";
import { isForEverybody, reaches } from "../audience/audience.js";
import type { AudienceIndex } from "../audience/audience-index.js";
import { EntryBatch } from "./entry-batch.js";
import type { LogReader } from "./log-reader.js";

// What the variants of one pass may hold in memory.
const MAX_JOINED_BYTES = 4 * 1_048_576;

/**
 * Which entries of one pass go to which reader. Narrow entries are handed to those the index finds; only broad ones are
 * tried on everybody. A connection gets both in the order of the log.
 */
export class PassDelivery {
  #empty = EntryBatch.empty();
  readonly #broad: LogEntry[] = [];
  readonly #narrow = new Map<LogReader, LogEntry[]>();
  /** What a connection gets that nothing narrow is for, where everything broad is for everybody. */
  readonly #whole: EntryBatch | null;

  constructor(entries: readonly LogEntry[], index: AudienceIndex<LogReader>) {
    for (const entry of entries) {
      const candidates = index.candidatesOf(entry.audience);
      if (candidates === null) this.#broad.push(entry);
      else for (const connection of candidates) this.#hand(connection, entry);
    }
    const isWhole = this.#broad.every(({ audience }) => isForEverybody(audience));
    this.#whole = isWhole ? this.#broad.reduce((all, entry) => all.with(entry), this.#empty) : null;
  }

  /** The only connections there is something for; `null` when it may be for all. */
  get only(): Iterable<LogReader> | null {
    return this.#broad.length === 0 ? this.#narrow.keys() : null;
  }

  /** What a connection gets that has everything up to `served`, or up to its own later position. */
  batchFor(connection: LogReader, served: number): EntryBatch {
    const narrow = this.#narrow.get(connection);
    const isWhole = narrow === undefined && connection.position <= served;
    if (this.#whole !== null && isWhole) return this.#whole;
    const entries = narrow === undefined ? this.#broad : merge(narrow, this.#broad);
    // Variants that many different readers have made are let go now and then.
    if (this.#empty.joinedBytes > MAX_JOINED_BYTES) this.#empty = EntryBatch.empty();
    let batch = this.#empty;
    for (const entry of entries) {
      if (entry.position > connection.position && reaches(entry, connection)) {
        batch = batch.with(entry);
      }
    }
    return batch;
  }

  #hand(connection: LogReader, entry: LogEntry): void {
    const entries = this.#narrow.get(connection);
    if (entries === undefined) this.#narrow.set(connection, [entry]);
    else entries.push(entry);
  }
}

// Both are in the order of the log already.
function merge(some: readonly LogEntry[], others: readonly LogEntry[]): LogEntry[] {
  const merged: LogEntry[] = [];
  let [a, b] = [0, 0];
  for (;;) {
    const [left, right] = [some[a], others[b]];
    if (left === undefined) return merged.concat(others.slice(b));
    if (right === undefined) return merged.concat(some.slice(a));
    if (left.position < right.position) {
      merged.push(left);
      a += 1;
    } else {
      merged.push(right);
      b += 1;
    }
  }
}
