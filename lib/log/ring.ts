import type { LogEntry, LogPage } from "./event-log.js";

/** How much is kept; whichever is met first lets the oldest entries go. */
export interface RingBounds {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number | null;
}

/** An entry, and since when it counts. */
export interface TimedEntry extends LogEntry {
  /** On the clock of `performance.now()`. */
  readonly appendedAt: number;
}

/**
 * The entries that this process holds. Invariant: from `trimmed` on none is missing; their positions
 * rise, and need not be consecutive.
 */
export class Ring {
  readonly #bounds: RingBounds;
  // What has left is `undefined`, up to #first.
  #entries: Array<TimedEntry | undefined> = [];
  #first = 0;
  #trimmed: number;
  #head: number;
  #bytes = 0;
  #isFull = false;
  // Everything up to here has a quarter of the bounds behind it; #fresh are those after it.
  #stale = 0;
  #fresh = { index: 0, bytes: 0 };

  /** @param start position after which it begins */
  constructor(bounds: RingBounds, start = 0) {
    this.#bounds = bounds;
    this.#trimmed = start;
    this.#head = start;
  }

  /** Position of the newest entry. */
  get head(): number {
    return this.#head;
  }

  /** Position of the newest entry that is not held any more. */
  get trimmed(): number {
    this.#trim();
    return this.#trimmed;
  }

  /** True when the bounds have let entries go, so that nothing older can be taken in. */
  get isFull(): boolean {
    this.#trim();
    return this.#isFull;
  }

  get size(): { entries: number; bytes: number } {
    this.#trim();
    return { entries: this.#entries.length - this.#first, bytes: this.#bytes };
  }

  /** Position before which a quarter of the bounds has come since. */
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
   * Takes in what comes before the oldest entry, oldest first, as far as the bounds allow.
   *
   * @param start position after which it begins
   */
  prepend(older: readonly TimedEntry[], start: number): void {
    if (this.isFull) return;
    const count = this.#countFitting(older);
    const taken = older.slice(older.length - count);
    this.#isFull = count < older.length;
    this.#trimmed = older.at(-count - 1)?.position ?? start;
    const bytes = taken.reduce((sum, entry) => sum + entry.bytes.length, 0);
    this.#bytes += bytes;
    // Where nothing is stale yet, these are not either, until `stale` looks at them.
    if (this.#fresh.index === this.#first)
      this.#fresh = { index: 0, bytes: this.#fresh.bytes + bytes };
    else this.#fresh.index += taken.length - this.#first;
    this.#entries = taken.concat(this.#entries.slice(this.#first) as TimedEntry[]);
    this.#first = 0;
  }

  /** Entries after a position, whole ones of about `maxBytes` together. */
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
      // The newest stays whatever its size: nobody could have read it yet.
      const isOver = count > maxEvents || (count > 1 && this.#bytes > maxBytes);
      if (entry === undefined || (!isOver && entry.appendedAt >= oldest)) break;
      this.#drop(entry);
    }
    // Moved down only when half of the array is empty, so an entry is copied at most once on average.
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
