import type { RunEndReason, RunHeader, RunStore, RunWrite } from "../log/run-store.js";
import type { RunRecord } from "./run-record.js";

// What a record that was lost is written anew in.
const RESTORED_BYTES = 262_144;

/** What a writer writes to, and whom it tells. */
export interface RunWriterParts {
  readonly header: RunHeader;
  readonly record: RunRecord;
  /** `null` where the record in this process is all there is. */
  readonly store: RunStore | null;
  /** The run has ended: as it was to, or otherwise. Called once. */
  onEnd(reason: RunEndReason): void;
  /** The store does not take it. */
  onRefusal(cause: unknown): void;
}

/**
 * Writes the events of a run into its record, those of one turn of the event loop together. With a store, the record in
 * this process follows what the store has taken, so that all nodes tell the same.
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

  /** The store has the run: what waits is written, and the lease is renewed. */
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

  /** Ends the record behind all that was added. */
  finish(reason: RunEndReason): void {
    this.#end ??= reason;
    this.#schedule();
  }

  /** Writes no more, whatever waits. */
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

  // One write at a time: what comes meanwhile goes with the next.
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
    // What was not written has its turn again.
    this.#frames = [...missing.frames, ...this.#frames];
  }

  // While this process slept, another run may have had the id, and ended.
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
