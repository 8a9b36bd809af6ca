import type { LogEntry } from "./event-log.js";

// State for newcomers, not a second log: what is over goes, the longest untouched first.
const MAX_KEYS = 1_000;
const MAX_BYTES = 8 * 1_048_576;

/** The newest entry of each key. Iterates in the order of the log. */
export class Retained {
  // A key that is set again moves to the end, so the order of the map is the order of the log.
  readonly #entries = new Map<string, LogEntry>();
  #bytes = 0;

  set(key: string, entry: LogEntry): void {
    this.#delete(key);
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_KEYS && this.#bytes <= MAX_BYTES) break;
      this.#delete(oldest);
    }
  }

  [Symbol.iterator](): IterableIterator<LogEntry> {
    return this.#entries.values();
  }

  #delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes.length ?? 0;
    this.#entries.delete(key);
  }
}
