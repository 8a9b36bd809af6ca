import type { LogEntry, LogPage } from "./event-log.js";

/** How much is kept. When any of these is reached, the oldest entries are dropped. */
export interface RingBounds {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number | null;
}

/** An entry, and when it was appended. */
export interface TimedEntry extends LogEntry {
  /** On the clock of `performance.now()`. */
  readonly appendedAt: number;
}

/**
 * The entries that this process holds. Invariant: no entry after `trimmed` is missing. Positions rise, but need not
 * be consecutive.
 */
export class Ring {
  readonly #bounds: RingBounds;
  // Dropped entries are `undefined`, up to #first.
  #entries: Array<TimedEntry | undefined> = [];
  #first = 0;
  #trimmed: number;
  #head: number;
  #bytes = 0;
  #isFull = false;
  // Since the entry at #stale, entries for a quarter of the bounds have been appended. #fresh: the entries after it.
  #stale = 0;
  #fresh = { index: 0, bytes: 0 };

  /** @param start position after which the ring begins */
  constructor(bounds: RingBounds, start = 0) {
    this.#bounds = bounds;
    this.#trimmed = start;
    this.#head = start;
  }

  /** Position of the newest entry. */
  get head(): number {
    return this.#head;
  }

  /** Position of the newest entry that was dropped. */
  get trimmed(): number {
    this.#trim();
    return this.#trimmed;
  }

  /** True if the bounds have dropped entries, so that no older ones can be added. */
  get isFull(): boolean {
    this.#trim();
    return this.#isFull;
  }

  get size(): { entries: number; bytes: number } {
    this.#trim();
    return { entries: this.#entries.length - this.#first, bytes: this.#bytes };
  }

  /** Position since which entries for a quarter of the bounds have been appended. */
  get stale(): number {
    const { maxEvents, maxBytes, maxAgeMs } = this.#bounds;
    const old = performance.now() - (maxAgeMs ?? Infinity) / 4;
    for (;;) {
      const entry = this.#entries[this.#fresh.index];
      if (entry === undefined) break;
      const isStale =
        this.#entries.length - this.#fresh.index > maxEvents / 4 ||
        this.#fresh.bytes > maxBytes / 4 ||
        entry.appendedAt < old;
      if (!isStale) break;
      this.#makeStale(entry);
    }
    return this.#stale;
  }

  append(entry: TimedEntry): void {
    this.#entries.push(entry);
    this.#head = entry.position;
    this.#bytes += entry.bytes.length;
    this.#fresh.bytes += entry.bytes.length;
    this.#trim();
  }

  /**
   * Adds entries that come before the oldest entry, as many as the bounds allow.
   *
   * @param older oldest first
   * @param start position after which they begin
   */
  prepend(older: readonly TimedEntry[], start: number): void {
    if (this.isFull) return;
    const count = this.#countFitting(older);
    const taken = older.slice(older.length - count);
    this.#isFull = count < older.length;
    this.#trimmed = older.at(-count - 1)?.position ?? start;
    const bytes = taken.reduce((sum, entry) => sum + entry.bytes.length, 0);
    this.#bytes += bytes;
    // While no entry is stale, the older ones count as fresh too, until `stale` is read.
    if (this.#fresh.index === this.#first)
      this.#fresh = { index: 0, bytes: this.#fresh.bytes + bytes };
    else this.#fresh.index += taken.length - this.#first;
    this.#entries = taken.concat(this.#entries.slice(this.#first) as TimedEntry[]);
    this.#first = 0;
  }

  /** Returns whole entries after a position, about `maxBytes` together. */
  read(after: number, maxBytes: number): LogPage {
    if (after < this.trimmed) return { entries: [], isTrimmed: true };
    const entries: LogEntry[] = [];
    let bytes = 0;
    for (let index = this.#indexAfter(after); ; index += 1) {
      const entry = this.#entries[index];
      if (entry === undefined) break;
      bytes += entry.bytes.length;
      if (entries.length > 0 && bytes > maxBytes) break;
      entries.push(entry);
    }
    return { entries, isTrimmed: false };
  }

  #countFitting(older: readonly TimedEntry[]): number {
    const { maxEvents, maxBytes, maxAgeMs } = this.#bounds;
    const oldest = performance.now() - (maxAgeMs ?? Infinity);
    let [entries, bytes] = [this.#entries.length - this.#first, this.#bytes];
    let index = older.length;
    for (; index > 0; index -= 1) {
      const entry = older[index - 1] as TimedEntry;
      entries += 1;
      bytes += entry.bytes.length;
      const isOver = entries > maxEvents || (entries > 1 && bytes > maxBytes);
      if (isOver || entry.appendedAt < oldest) break;
    }
    return older.length - index;
  }

  // Positions are mostly consecutive, so the first guess is mostly right.
  #indexAfter(position: number): number {
    let [low, high] = [this.#first, this.#entries.length];
    let guess = this.#entries.length - (this.#head - position);
    while (low < high) {
      const index = guess >= low && guess < high ? guess : (low + high) >>> 1;
      guess = -1;
      const entry = this.#entries[index];
      if (entry === undefined || entry.position <= position) {
        low = index + 1;
      } else {
        const before = this.#entries[index - 1];
        if (before === undefined || before.position <= position) return index;
        high = index;
      }
    }
    return low;
  }

  #trim(): void {
    const { maxEvents, maxBytes, maxAgeMs } = this.#bounds;
    const oldest = performance.now() - (maxAgeMs ?? Infinity);
    for (;;) {
      const entry = this.#entries[this.#first];
      const count = this.#entries.length - this.#first;
      // The newest entry stays whatever its size: no reader can have read it yet.
      const isOver = count > maxEvents || (count > 1 && this.#bytes > maxBytes);
      if (entry === undefined || (!isOver && entry.appendedAt >= oldest)) break;
      this.#drop(entry);
    }
    // The array is compacted only when half of it is empty, so an entry is copied at most once on average.
    if (this.#first > 1024 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#fresh.index -= this.#first;
      this.#first = 0;
    }
  }

  #drop(entry: TimedEntry): void {
    if (this.#fresh.index === this.#first) this.#makeStale(entry);
    this.#bytes -= entry.bytes.length;
    this.#entries[this.#first] = undefined;
    this.#first += 1;
    this.#trimmed = entry.position;
    this.#isFull = true;
  }

  #makeStale(entry: TimedEntry): void {
    this.#stale = entry.position;
    this.#fresh.bytes -= entry.bytes.length;
    this.#fresh.index += 1;
  }
}
