import type { LogEntry } from "../log/event-log.js";

/**
 * Entries that go to a connection in one write. Connections that receive the same entries get the same batch
 * object, so that the bytes are joined once and shared.
 */
export class EntryBatch {
  readonly #before: EntryBatch | null;
  readonly #entry: LogEntry | null;
  #next: Map<LogEntry, EntryBatch> | undefined;
  #bytes: Buffer | undefined;
  readonly #joined: { bytes: number };

  private constructor(before: EntryBatch | null, entry: LogEntry | null) {
    this.#before = before;
    this.#entry = entry;
    this.#joined = before === null ? { bytes: 0 } : before.#joined;
    this.count = before === null ? 0 : before.count + 1;
    this.lastId = entry === null || entry.isVolatile ? (before?.lastId ?? 0) : entry.position;
  }

  static empty(): EntryBatch {
    return new EntryBatch(null, null);
  }

  /** Returns this batch with one entry more. */
  with(entry: LogEntry): EntryBatch {
    this.#next ??= new Map();
    let next = this.#next.get(entry);
    if (next === undefined) {
      next = new EntryBatch(this, entry);
      this.#next.set(entry, next);
    }
    return next;
  }

  get isEmpty(): boolean {
    return this.#entry === null;
  }

  /** Position of the newest entry with an id; 0 for none. */
  readonly lastId: number;
  /** Number of entries. */
  readonly count: number;

  /** Bytes joined so far for all batches that started from the same empty batch. */
  get joinedBytes(): number {
    return this.#joined.bytes;
  }

  get bytes(): Buffer {
    this.#bytes ??= this.#join();
    return this.#bytes;
  }

  #join(): Buffer {
    const parts: Buffer[] = [];
    for (let batch: EntryBatch | null = this; batch !== null; batch = batch.#before) {
      if (batch.#entry !== null) parts.push(batch.#entry.bytes);
    }
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    const bytes = Buffer.concat(parts.reverse());
    this.#joined.bytes += bytes.length;
    return bytes;
  }
}
