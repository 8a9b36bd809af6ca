import type { EventLog, LogEntry, LogPage } from "../log/event-log.js";
import { EntryBatch } from "./entry-batch.js";

const PAGE_BYTES = 65_536;
const MAX_BYTES = 64 * PAGE_BYTES;
// Readers who may see different parts of a page arrive at different joined bytes.
const MAX_JOINED_BYTES = 4 * PAGE_BYTES;

/** A stretch of the log, as it is handed to the connections that read it. */
export interface Page {
  readonly entries: readonly LogEntry[];
  readonly isTrimmed: boolean;
  /** What to start from, so that connections which get the same entries share the bytes. */
  readonly empty: EntryBatch;
}

interface KeptPage extends Page {
  readonly end: number;
  /** A full page never changes; one at the head does with the next entry. */
  readonly isFull: boolean;
  /** A small page counts as a whole one, so that the number of pages is bounded with their bytes. */
  readonly bytes: number;
}

/**
 * Reads the log by pages, and keeps them for a while: browsers that return for one cause come one
 * after the other with cursors close together, and each would read and join the same stretches again.
 */
export class PageCache {
  readonly #log: EventLog;
  /** By the position they begin after; the longest unused first. */
  readonly #kept = new Map<number, KeptPage>();
  // Another map after each clear().
  #fetching = new Map<number, Promise<Page>>();
  #bytes = 0;

  constructor(log: EventLog) {
    this.#log = log;
  }

  /**
   * What follows a position: at least one entry, unless some have left the log. At once where it is
   * known; a promise where the log must fetch it first, and then it is asked for again.
   */
  after(position: number): Page | Promise<Page> {
    const known = this.#known(position);
    if (known !== undefined) return known;
    const read = this.#restOf(position) ?? this.#log.read(position, PAGE_BYTES);
    return read instanceof Promise ? this.#fetched(position, read) : this.#toPage(position, read);
  }

  // Who asks meanwhile waits for the same.
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

  /** Forgets all: positions mean other entries now. */
  clear(): void {
    this.#kept.clear();
    this.#fetching = new Map();
    this.#bytes = 0;
  }

  #known(position: number): Page | undefined {
    const page = this.#kept.get(position);
    if (page === undefined || !this.#isValid(page)) return undefined;
    // What many variants have grown to is let go; the page itself stays.
    const isGrown = page.empty.joinedBytes > MAX_JOINED_BYTES;
    this.#keep(position, isGrown ? { ...page, empty: EntryBatch.empty() } : page);
    return page;
  }

  // A cursor in the middle of a page gets the rest of it, and from there on shares with the others.
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
