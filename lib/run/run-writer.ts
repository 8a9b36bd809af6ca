import type { RunEndReason, RunHeader, RunStore, RunWrite } from "../log/run-store.js";
import type { RunRecord } from "./run-record.js";

// A lost record is written again in chunks of this size.
const RESTORED_BYTES = 262_144;

/** What a {@link RunWriter} is given, and what it calls. */
export interface RunWriterParts {
  readonly header: RunHeader;
  readonly record: RunRecord;
  /** `null`: the record is only in this process. */
  readonly store: RunStore | null;
  /** The run has ended with this reason, which another process may have decided. Called once. */
  onEnd(reason: RunEndReason): void;
  /** The store has refused a write. */
  onRefusal(cause: unknown): void;
}

/**
 * Writes the events of a run into its record; events of one turn of the event loop are written together. With a store,
 * the record in this process only receives events that the store has accepted, so that all nodes send the same.
 */
export class RunWriter {
  readonly #parts: RunWriterParts;
  #frames: Buffer[] = [];
  #end: RunEndReason | null = null;
  #hasBegun: boolean;
  #isScheduled = false;
  #hasEnded = false;
  #renewal: NodeJS.Timeout | undefined;

  constructor(parts: RunWriterParts) {
    this.#parts = parts;
    this.#hasBegun = parts.store === null;
  }

  /** The store has the run: writes the events that wait, and renews the lease from now on. */
  begin(): void {
    this.#hasBegun = true;
    this.#renewal = setInterval(
      () => {
        this.#schedule();
      },
      Math.ceil(this.#parts.header.leaseMs / 3),
    ).unref();
    this.#schedule();
  }

  add(frame: Buffer): void {
    this.#frames.push(frame);
    this.#schedule();
  }

  /** Ends the record after all events that were added. */
  finish(reason: RunEndReason): void {
    this.#end ??= reason;
    this.#schedule();
  }

  /** Stops writing, and drops events that wait. */
  abandon(): void {
    this.#hasEnded = true;
    clearInterval(this.#renewal);
  }

  #schedule(): void {
    if (!this.#hasBegun || this.#isScheduled || this.#hasEnded) return;
    this.#isScheduled = true;
    setImmediate(() => {
      if (this.#parts.store === null) this.#writeHere();
      else void this.#writeThere(this.#parts.store);
    });
  }

  #writeHere(): void {
    this.#isScheduled = false;
    this.#take(this.#next());
  }

  // One write at a time: events that are added meanwhile go into the next write.
  async #writeThere(store: RunStore): Promise<void> {
    const { header } = this.#parts;
    const write = this.#next();
    try {
      const verdict = await store.write(header, write);
      if (this.#hasEnded) return;
      if (verdict === "in") this.#take(write);
      else if (verdict === "gone") await this.#restore(store, write);
      else this.#finishAs(verdict);
    } catch (cause) {
      this.abandon();
      this.#parts.onRefusal(cause);
    }
    this.#isScheduled = false;
    if (this.#frames.length > 0 || this.#end !== null) this.#schedule();
  }

  #next(): RunWrite {
    const write = { after: this.#parts.record.head, frames: this.#frames, end: this.#end };
    this.#frames = [];
    return write;
  }

  #take({ frames, end }: RunWrite): void {
    const { record } = this.#parts;
    if (frames.length > 0) record.append(frames);
    if (end !== null) this.#finishAs(end);
  }

  async #restore(store: RunStore, missing: RunWrite): Promise<void> {
    const { header, record } = this.#parts;
    if ((await this.#isReplaced(store)) || !(await store.begin(header))) {
      this.#finishAs("lost");
      return;
    }
    let after = 0;
    for (const frames of chunksOf(record.frames())) {
      await store.write(header, { after, frames, end: null });
      after += frames.length;
    }
    // Events that were not written are written next.
    this.#frames = [...missing.frames, ...this.#frames];
  }

  // While this process was suspended, another run may have used the id, and ended.
  async #isReplaced(store: RunStore): Promise<boolean> {
    const { id, token } = this.#parts.header;
    const found = await store.find(id);
    return found !== null && found.token !== token;
  }

  #finishAs(reason: RunEndReason): void {
    this.abandon();
    this.#parts.record.finish(reason);
    this.#parts.onEnd(reason);
  }
}

function* chunksOf(frames: Iterable<Buffer>): Iterable<Buffer[]> {
  let [chunk, bytes]: [Buffer[], number] = [[], 0];
  for (const frame of frames) {
    chunk.push(frame);
    bytes += frame.length;
    if (bytes < RESTORED_BYTES) continue;
    yield chunk;
    [chunk, bytes] = [[], 0];
  }
  if (chunk.length > 0) yield chunk;
}
