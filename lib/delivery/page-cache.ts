import type { EventLog, LogEntry, LogPage } from "../log/event-log.js";
import { EntryBatch } from "./entry-batch.js";

const PAGE_BYTES = 65_536;
const MAX_BYTES = 64 * PAGE_BYTES;
// Readers that receive different entries of a page need different joined bytes, which add up.
const MAX_JOINED_BYTES = 4 * PAGE_BYTES;

/** Consecutive entries of the log, for the connections that read them. */
export interface Page {
  readonly entries: readonly LogEntry[];
  readonly isTrimmed: boolean;
  /** The batch to start from, so that connections which receive the same entries share the bytes. */
  readonly empty: EntryBatch;
}

interface KeptPage extends Page {
  readonly end: number;
  /** A full page never changes; a page at the head changes with the next entry. */
  readonly isFull: boolean;
  /** A small page counts as a full one, so that the limit of bytes also limits the number of pages. */
  readonly bytes: number;
}

/**
 * Reads the log in pages and keeps them for a while. After a restart or an outage, many browsers reconnect with
 * cursors close together; without the cache each would read and join the same entries again.
 */
export class PageCache {
  readonly #log: EventLog;
  // Position before the page → page; the least recently used first.
  readonly #kept = new Map<number, KeptPage>();
  // clear() replaces the map, so that a fetch can tell that it is outdated.
  #fetching = new Map<number, Promise<Page>>();
  #bytes = 0;

  constructor(log: EventLog) {
    this.#log = log;
  }

  /**
   * Returns the entries after a position: at least one, unless entries have left the log. It returns a promise if
   * the log must fetch them first.
   */
  after(position: number): Page | Promise<Page> {
    const known = this.#known(position);
    if (known !== undefined) return known;
    const read = this.#restOf(position) ?? this.#log.read(position, PAGE_BYTES);
    return read instanceof Promise ? this.#fetched(position, read) : this.#toPage(position, read);
  }

  // A second reader of the same page waits for the same fetch.
  #fetched(position: number, read: Promise<LogPage>): Promise<Page> {
    const now = this.#fetching;
    const before = now.get(position);
    if (before !== undefined) return before;
    const fetching = read
      .then((page) => {
        const isStillValid = now === this.#fetching;
        return isStillValid ? this.#toPage(position, page) : { ...page, empty: EntryBatch.empty() };
      })
      .finally(() => {
        now.delete(position);
      });
    now.set(position, fetching);
    return fetching;
  }

  #toPage(position: number, { entries, isTrimmed }: LogPage): Page {
    const page = { entries, isTrimmed, empty: EntryBatch.empty() };
    const end = entries.at(-1)?.position;
    if (end === undefined) return page;
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes.length, 0);
    const isFull = end < this.#log.head;
    this.#keep(position, { ...page, end, isFull, bytes: Math.max(PAGE_BYTES, bytes) });
    return page;
  }

  /** Forgets all pages: after a break, positions mean other entries. */
  clear(): void {
    this.#kept.clear();
    this.#fetching = new Map();
    this.#bytes = 0;
  }

  #known(position: number): Page | undefined {
    const page = this.#kept.get(position);
    if (page === undefined || !this.#isValid(page)) return undefined;
    // The joined bytes of many variants are dropped; the page itself stays.
    const isGrown = page.empty.joinedBytes > MAX_JOINED_BYTES;
    this.#keep(position, isGrown ? { ...page, empty: EntryBatch.empty() } : page);
    return page;
  }

  // A reader whose cursor is inside a kept page gets the rest of that page, and then shares the next pages.
  #restOf(position: number): Pick<Page, "entries" | "isTrimmed"> | undefined {
    for (const [start, page] of this.#kept) {
      if (start > position || position >= page.end || !this.#isValid(page)) continue;
      const entries = page.entries.filter((entry) => entry.position > position);
      return { entries, isTrimmed: false };
    }
    return undefined;
  }

  #isValid({ isFull, end }: KeptPage): boolean {
    return isFull || end === this.#log.head;
  }

  #keep(position: number, page: KeptPage): void {
    this.#delete(position);
    this.#kept.set(position, page);
    this.#bytes += page.bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#delete(oldest);
    }
  }

  #delete(position: number): void {
    this.#bytes -= this.#kept.get(position)?.bytes ?? 0;
    this.#kept.delete(position);
  }
}
