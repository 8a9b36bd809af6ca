import { createDetachedScope } from "../async/detached-scope.js";
import { Slices } from "../async/slices.js";
import type { RunEndReason, RunSink } from "../log/run-store.js";
import { withId, withoutId } from "../wire/encoder.js";
import { toRunCursor } from "./run-cursor.js";

// What a reader is given at once.
const PAGE_BYTES = 65_536;

/** How events go to a reader: with ids, or as they were given for clients of others. */
export type RunForm = "hub" | "raw";

/** A part of a record, ready to be written. */
export interface RunPage {
  readonly bytes: Buffer;
  /** Number of events up to its end. */
  readonly end: number;
}

/** All events of one run, as far as this process knows them, and the readers that wait for more. */
export class RunRecord implements RunSink {
  /** Bytes of its events without ids. */
  bytes = 0;
  readonly #token: string;
  readonly #events: Buffer[] = [];
  readonly #readers = new Set<() => void>();
  readonly #pages = new Map<string, RunPage>();
  #end: RunEndReason | null = null;
  #isTelling = false;
  #hasMore = false;

  constructor(token: string) {
    this.#token = token;
  }

  /** Number of its events. */
  get head(): number {
    return this.#events.length;
  }

  /** Why it has ended; `null` while it has not. */
  get end(): RunEndReason | null {
    return this.#end;
  }

  /** Number of its readers. */
  get readers(): number {
    return this.#readers.size;
  }

  append(frames: readonly Buffer[]): void {
    if (this.#end !== null) return;
    for (const frame of frames) {
      this.bytes += frame.length;
      this.#events.push(withId(toRunCursor(this.#token, this.head + 1), frame));
    }
    this.#tell();
  }

  finish(reason: RunEndReason): void {
    if (this.#end !== null) return;
    this.#end = reason;
    this.#tell();
  }

  /** Events after a position, at least one if there is one. Readers at the same place in one turn share the bytes. */
  read(after: number, form: RunForm): RunPage {
    // Nearly always: the event that has just come.
    if (after + 1 === this.head) return { bytes: this.#eventIn(form, after), end: this.head };
    const key = `${after} ${form}`;
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    const end = this.#endOfPage(after);
    if (after + 1 === end) return { bytes: this.#eventIn(form, after), end };
    const events = Array.from({ length: end - after }, (_, n) => this.#eventIn(form, after + n));
    const page = { bytes: Buffer.concat(events), end };
    this.#share(key, page);
    return page;
  }

  /** All its events without ids. */
  *frames(): Iterable<Buffer> {
    for (const event of this.#events) yield withoutId(event);
  }

  /** Calls back when there is more to read, or the end. Returns what takes it off again. */
  watch(reader: () => void): () => void {
    this.#readers.add(reader);
    return () => {
      this.#readers.delete(reader);
    };
  }

  #eventIn(form: RunForm, at: number): Buffer {
    const event = this.#events[at] as Buffer;
    return form === "raw" ? withoutId(event) : event;
  }

  #endOfPage(after: number): number {
    let [end, bytes] = [after, 0];
    while (end < this.head && bytes < PAGE_BYTES) {
      bytes += (this.#events[end] as Buffer).length;
      end += 1;
    }
    return end;
  }

  // Copies are not kept: browsers choose their cursors, so there may be one for each event.
  #share(key: string, page: RunPage): void {
    if (this.#pages.size === 0) {
      setImmediate(() => {
        this.#pages.clear();
      });
    }
    this.#pages.set(key, page);
  }

  #tell(): void {
    this.#pages.clear();
    this.#hasMore = true;
    if (this.#isTelling) return;
    runDetached(() => {
      void this.#tellAll();
    });
  }

  async #tellAll(): Promise<void> {
    this.#isTelling = true;
    const slices = new Slices();
    while (this.#hasMore) {
      this.#hasMore = false;
      for (const reader of this.#readers) {
        reader();
        if (slices.isOver()) await slices.next();
      }
    }
    this.#isTelling = false;
  }
}

// Followers are not served in the name of the request that produces.
const runDetached = createDetachedScope();
