import type { LogEntry } from "../log/event-log.js";

/**
 * Entries that go to a connection in one write. Connections that get the same entries arrive at the
 * same bundle, so the joined bytes are made once and shared.
 */
export class Bundle {
  readonly #before: Bundle | null;
  readonly #entry: LogEntry | null;
  #next: Map<LogEntry, Bundle> | undefined;
  #bytes: Buffer | undefined;
  readonly #joined: { bytes: number };

  private constructor(before: Bundle | null, entry: LogEntry | null) {
    this.#before = before;
    this.#entry = entry;
    this.#joined = before === null ? { bytes: 0 } : before.#joined;
    this.count = before === null ? 0 : before.count + 1;
    this.lastId = entry === null || entry.isVolatile ? (before?.lastId ?? 0) : entry.position;
  }

  static empty(): Bundle {
    return new Bundle(null, null);
  }

  /** This bundle and one entry more. */
  with(entry: LogEntry): Bundle {
    this.#next ??= new Map();
    let next = this.#next.get(entry);
    if (next === undefined) {
      next = new Bundle(this, entry);
      this.#next.set(entry, next);
    }
    return next;
  }

  get isEmpty(): boolean {
    return this.#entry === null;
  }

  /** Position of the newest id in it; 0 for none. */
  readonly lastId: number;
  /** Number of entries. */
  readonly count: number;

  /** Bytes joined so far for all bundles that began with the same empty one. */
  get joinedBytes(): number {
    return this.#joined.bytes;
  }

  get bytes(): Buffer {
    this.#bytes ??= this.#join();
    return this.#bytes;
  }

  #join(): Buffer {
    const parts: Buffer[] = [];
    for (let bundle: Bundle | null = this; bundle !== null; bundle = bundle.#before) {
      if (bundle.#entry !== null) parts.push(bundle.#entry.bytes);
    }
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    const bytes = Buffer.concat(parts.reverse());
    this.#joined.bytes += bytes.length;
    return bytes;
  }
}
