import { randomBytes } from "node:crypto";
import {
  resolveMemoryLogOptions,
  type MemoryLogOptions,
  type MemoryLogSettings,
} from "./memory-log-options.js";
import { withId } from "../wire/encoder.js";
import { toId } from "./cursor.js";
import type { EventLog, LogDraft, LogEntry, LogPage } from "./event-log.js";
import { Retained } from "./retained.js";

/**
 * A log in the memory of this process: the default. It ends with the process, so a browser that
 * returns after a restart is told `recovered: false` with reason `epoch`.
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 */
export function memoryLog(options: MemoryLogOptions = {}): EventLog {
  return new MemoryLog(resolveMemoryLogOptions(options));
}

interface TimedEntry extends LogEntry {
  readonly appendedAt: number;
}

// Positions are dense: the entry after position p is at index p - #base.
class MemoryLog implements EventLog {
  readonly isShared = false;
  readonly epoch = randomBytes(6).toString("base64url");
  readonly #bounds: MemoryLogSettings;
  readonly #retained = new Retained();
  readonly #followers = new Set<() => void>();
  #entries: Array<TimedEntry | undefined> = [];
  #base = 0;
  #trimmed = 0;
  #head = 0;
  #bytes = 0;
  // Everything up to here has a quarter of the bounds behind it; #freshBytes are those after it.
  #stale = 0;
  #freshBytes = 0;

  constructor(bounds: MemoryLogSettings) {
    this.#bounds = bounds;
  }

  get head(): number {
    return this.#head;
  }

  get trimmed(): number {
    this.#trim();
    return this.#trimmed;
  }

  get stale(): number {
    const { maxEvents, maxBytes, maxAgeMs } = this.#bounds;
    const old = performance.now() - (maxAgeMs ?? Infinity) / 4;
    for (let entry = this.#after(this.#stale); entry !== undefined;) {
      const isStale =
        this.#head - this.#stale > maxEvents / 4 ||
        this.#freshBytes > maxBytes / 4 ||
        entry.appendedAt < old;
      if (!isStale) break;
      this.#freshBytes -= entry.bytes.length;
      this.#stale += 1;
      entry = this.#after(this.#stale);
    }
    return this.#stale;
  }

  get retained(): Iterable<LogEntry> {
    return this.#retained;
  }

  get size(): { entries: number; bytes: number } {
    this.#trim();
    return { entries: this.#head - this.#trimmed, bytes: this.#bytes };
  }

  append({ frame, audience, retainKey, isVolatile }: LogDraft): Promise<number> {
    const position = ++this.#head;
    const bytes = isVolatile ? frame : withId(toId(this.epoch, position), frame);
    const entry = { position, bytes, audience, isVolatile, appendedAt: performance.now() };
    this.#entries.push(entry);
    if (retainKey !== null) this.#retained.set(retainKey, entry);
    this.#bytes += bytes.length;
    this.#freshBytes += bytes.length;
    this.#trim();
    for (const onMove of this.#followers) onMove();
    return Promise.resolve(position);
  }

  read(after: number, maxBytes: number): LogPage {
    if (after < this.trimmed) return { entries: [], isTrimmed: true };
    const entries: LogEntry[] = [];
    let bytes = 0;
    for (let next = this.#after(after); next !== undefined; next = this.#after(next.position)) {
      bytes += next.bytes.length;
      if (entries.length > 0 && bytes > maxBytes) break;
      entries.push(next);
    }
    return { entries, isTrimmed: false };
  }

  follow(onMove: () => void): () => void {
    this.#followers.add(onMove);
    return () => {
      this.#followers.delete(onMove);
    };
  }

  close(): Promise<void> {
    this.#followers.clear();
    return Promise.resolve();
  }

  #after(position: number): TimedEntry | undefined {
    return this.#entries[position - this.#base];
  }

  #trim(): void {
    const { maxEvents, maxBytes, maxAgeMs } = this.#bounds;
    const oldest = performance.now() - (maxAgeMs ?? Infinity);
    for (;;) {
      const entry = this.#after(this.#trimmed);
      const count = this.#head - this.#trimmed;
      // The newest stays whatever its size: nobody could have read it yet.
      const isOver = count > maxEvents || (count > 1 && this.#bytes > maxBytes);
      if (entry === undefined || (!isOver && entry.appendedAt >= oldest)) break;
      this.#drop(entry);
    }
    // Moved down only when half of the array is empty, so an entry is copied at most once on average.
    const gone = this.#trimmed - this.#base;
    if (gone > 1024 && gone * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(gone);
      this.#base = this.#trimmed;
    }
  }

  #drop(entry: TimedEntry): void {
    if (this.#stale < entry.position) {
      this.#stale = entry.position;
      this.#freshBytes -= entry.bytes.length;
    }
    this.#bytes -= entry.bytes.length;
    this.#entries[this.#trimmed - this.#base] = undefined;
    this.#trimmed = entry.position;
  }
}
