import { createDetachedScope } from "../async/detached-scope.js";
import { Slices } from "../async/slices.js";
import type { RunEndReason, RunSink } from "../log/run-store.js";
import { withId, withoutId } from "../wire/encoder.js";
import { toRunCursor } from "./run-cursor.js";

// How many bytes a reader receives at once.
const PAGE_BYTES = 65_536;

/** How events are sent to a reader: with ids, or without them for clients of other libraries. */
export type RunForm = "hub" | "raw";

/** A part of a record, ready to be written. */
export interface RunPage {
  readonly bytes: Buffer;
  /** Number of events of the run up to the end of this page. */
  readonly end: number;
}

/**
 * All events of one run that this process knows, and the readers that wait for more. A record is never trimmed: the
 * producer ends a run that exceeds its limits.
 */
export class RunRecord implements RunSink {
  /** Bytes of its events without ids. */
  bytes = 0;
  readonly #token: string;
  readonly #events: Buffer[] = [];
  readonly #readers = new Set<() => void>();
  readonly #pages = new Map<string, RunPage>();
  #end: RunEndReason | null = null;
  #isNotifying = false;
  #hasMore = false;

  constructor(token: string) {
    this.#token = token;
  }

  /** Number of its events. */
  get head(): number {
    return this.#events.length;
  }

  /** Why the run has ended; `null` while it is running. */
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
    this.#notify();
  }

  finish(reason: RunEndReason): void {
    if (this.#end !== null) return;
    this.#end = reason;
    this.#notify();
  }

  /**
   * Returns events after a position, and at least one if there is one. Readers that read the same page in one turn of
   * the event loop share its bytes.
   */
  read(after: number, form: RunForm): RunPage {
    // The common case: only the newest event is missing.
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

  /** Calls back when there are more events, or the run has ended. Returns a function that stops this. */
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

  // Pages are shared for one turn only: browsers choose their cursors, so there may be a page for each event.
  #share(key: string, page: RunPage): void {
    if (this.#pages.size === 0) {
      setImmediate(() => {
        this.#pages.clear();
      });
    }
    this.#pages.set(key, page);
  }

  #notify(): void {
    this.#pages.clear();
    this.#hasMore = true;
    if (this.#isNotifying) return;
    runDetached(() => {
      void this.#notifyAll();
    });
  }

  async #notifyAll(): Promise<void> {
    this.#isNotifying = true;
    const slices = new Slices();
    while (this.#hasMore) {
      this.#hasMore = false;
      for (const reader of this.#readers) {
        reader();
        if (slices.isOver()) await slices.next();
      }
    }
    this.#isNotifying = false;
  }
}

// Followers are served outside the asynchronous context of the request that produces the run.
const runDetached = createDetachedScope();
