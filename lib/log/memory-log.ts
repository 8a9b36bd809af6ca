import { randomBytes } from "node:crypto";
import { resolveMemoryLogOptions } from "../resolve-options.js";
import { withId } from "../wire/encoder.js";
import { toId } from "./cursor.js";
import type { EventLog, LogDraft, LogEntry, LogPage } from "./event-log.js";

/** Bounds of a {@link memoryLog}; whichever is met first lets the oldest entries go. */
export interface MemoryLogOptions {
  /** @default 200_000 */
  maxEvents?: number | undefined;
  /** Bytes of all events together, as they go over the wire. @default 67_108_864 (64 MiB) */
  maxBytes?: number | undefined;
  /** Milliseconds an event is kept for readers that are away; `null` for no limit. @default 600_000 */
  maxAgeMs?: number | null | undefined;
}

/**
 * A log in the memory of this process: the default. It ends with the process, so a browser that
 * returns after a restart is told `recovered: false` with reason `epoch`.
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 */
export function memoryLog(options: MemoryLogOptions = {}): EventLog {
  return new MemoryLog(resolveMemoryLogOptions(options));
}

// Positions are dense: the entry at index i has position #trimmed + 1 + i - #gone.
class MemoryLog implements EventLog {
  readonly isShared = false;
  readonly epoch = randomBytes(6).toString("base64url");
  readonly #bounds: Readonly<{ maxEvents: number; maxBytes: number; maxAgeMs: number | null }>;
  readonly #followers = new Set<() => void>();
  #entries: Array<LogEntry | undefined> = [];
  #times: number[] = [];
  #gone = 0;
  #bytes = 0;
  #head = 0;

  constructor(bounds: Readonly<{ maxEvents: number; maxBytes: number; maxAgeMs: number | null }>) {
    this.#bounds = bounds;
  }

  get head(): number {
    return this.#head;
  }

  get trimmed(): number {
    this.#trim();
    return this.#head - this.#count;
  }

  append(draft: LogDraft): Promise<number> {
    const position = ++this.#head;
    const bytes = withId(toId(this.epoch, position), draft.frame);
    this.#entries.push({ position, bytes, audience: draft.audience });
    this.#times.push(performance.now());
    this.#bytes += bytes.length;
    this.#trim();
    for (const onMove of this.#followers) onMove();
    return Promise.resolve(position);
  }

  read(after: number, maxBytes: number): LogPage {
    if (after < this.trimmed) return { entries: [], isTrimmed: true };
    const entries: LogEntry[] = [];
    let bytes = 0;
    for (let index = this.#gone + after - (this.#head - this.#count); ; index += 1) {
      const entry = this.#entries[index];
      if (entry === undefined) break;
      bytes += entry.bytes.length;
      if (entries.length > 0 && bytes > maxBytes) break;
      entries.push(entry);
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

  get #count(): number {
    return this.#entries.length - this.#gone;
  }

  #trim(): void {
    const { maxEvents, maxBytes, maxAgeMs } = this.#bounds;
    const oldest = maxAgeMs === null ? -Infinity : performance.now() - maxAgeMs;
    while (
      this.#count > maxEvents ||
      // The newest stays whatever its size: nobody could have read it yet.
      (this.#count > 1 && this.#bytes > maxBytes) ||
      (this.#count > 0 && (this.#times[this.#gone] ?? 0) < oldest)
    ) {
      this.#bytes -= this.#entries[this.#gone]?.bytes.length ?? 0;
      this.#entries[this.#gone] = undefined;
      this.#gone += 1;
    }
    // Moved down only when half of the array is empty, so an entry is copied at most once on average.
    if (this.#gone > 1024 && this.#gone * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#gone);
      this.#times = this.#times.slice(this.#gone);
      this.#gone = 0;
    }
  }
}
