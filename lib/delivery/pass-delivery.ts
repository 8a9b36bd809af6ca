import type { LogEntry } from "../log/event-log.js";
import { isForEverybody, reaches } from "../audience/audience.js";
import type { AudienceIndex } from "../audience/audience-index.js";
import { EntryBatch } from "./entry-batch.js";
import type { LogReader } from "./log-reader.js";

// How many bytes the joined variants of one pass may take before they are dropped.
const MAX_JOINED_BYTES = 4 * 1_048_576;

/**
 * Decides which entries of one pass go to which reader. For a narrow entry, the index finds the candidates; only a
 * broad entry is tested on every connection. A connection receives both in the order of the log.
 */
export class PassDelivery {
  #empty = EntryBatch.empty();
  readonly #broad: LogEntry[] = [];
  readonly #narrow = new Map<LogReader, LogEntry[]>();
  /** If all broad entries are for everybody: their batch, for connections that receive no narrow entry. */
  readonly #whole: EntryBatch | null;

  constructor(entries: readonly LogEntry[], index: AudienceIndex<LogReader>) {
    for (const entry of entries) {
      const candidates = index.candidatesOf(entry.audience);
      if (candidates === null) this.#broad.push(entry);
      else for (const connection of candidates) this.#addNarrow(connection, entry);
    }
    const isWhole = this.#broad.every(({ audience }) => isForEverybody(audience));
    this.#whole = isWhole ? this.#broad.reduce((all, entry) => all.with(entry), this.#empty) : null;
  }

  /** The only connections that may receive an entry of this pass; `null` if all may. */
  get only(): Iterable<LogReader> | null {
    return this.#broad.length === 0 ? this.#narrow.keys() : null;
  }

  /** The batch for a connection that has received everything up to `served`, or up to its own later position. */
  batchFor(connection: LogReader, served: number): EntryBatch {
    const narrow = this.#narrow.get(connection);
    const isWhole = narrow === undefined && connection.position <= served;
    if (this.#whole !== null && isWhole) return this.#whole;
    const entries = narrow === undefined ? this.#broad : merge(narrow, this.#broad);
    // The joined bytes of many variants are dropped now and then.
    if (this.#empty.joinedBytes > MAX_JOINED_BYTES) this.#empty = EntryBatch.empty();
    let batch = this.#empty;
    for (const entry of entries) {
      if (entry.position > connection.position && reaches(entry, connection)) {
        batch = batch.with(entry);
      }
    }
    return batch;
  }

  #addNarrow(connection: LogReader, entry: LogEntry): void {
    const entries = this.#narrow.get(connection);
    if (entries === undefined) this.#narrow.set(connection, [entry]);
    else entries.push(entry);
  }
}

// Both lists are already in the order of the log.
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
