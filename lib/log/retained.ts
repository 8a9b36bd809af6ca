import type { Audience, LogEntry } from "./event-log.js";

// Retained entries are state for new connections, not a second log, so their number is limited.
const MAX_KEYS = 1_000;
const MAX_BYTES = 8 * 1_048_576;

/** True for an audience without connections: such an entry removes what is retained under its key. */
export function isForNobody({ rooms }: Audience): boolean {
  return rooms?.length === 0;
}

interface Kept {
  readonly entry: LogEntry;
  /** On the clock of `performance.now()`. */
  readonly expiresAt: number;
}

/** The newest entry of each retain key. Iterates in the order of the log. */
export class Retained {
  // A key that is set again moves to the end, so the order of the map is the order of the log.
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  /** @param expiresAt on the clock of `performance.now()`; Infinity for never */
  set(key: string, entry: LogEntry, expiresAt: number): void {
    this.#delete(key);
    if (isForNobody(entry.audience)) return;
    this.#kept.set(key, { entry, expiresAt });
    this.#bytes += entry.bytes.length;
    if (this.#isFull) this.#dropExpired();
    for (const oldest of this.#kept.keys()) {
      if (!this.#isFull) break;
      this.#delete(oldest);
    }
  }

  *[Symbol.iterator](): IterableIterator<LogEntry> {
    this.#dropExpired();
    for (const { entry } of this.#kept.values()) yield entry;
  }

  get #isFull(): boolean {
    return this.#kept.size > MAX_KEYS || this.#bytes > MAX_BYTES;
  }

  #dropExpired(): void {
    const now = performance.now();
    for (const [key, { expiresAt }] of this.#kept) if (expiresAt <= now) this.#delete(key);
  }

  #delete(key: string): void {
    this.#bytes -= this.#kept.get(key)?.entry.bytes.length ?? 0;
    this.#kept.delete(key);
  }
}
