import type { RunEndReason, RunHeader, RunSink, RunVerdict } from "../log/run-store.js";

/** A part of a record that was read: events with the number of the first one, or the end. */
export type RunEntry =
  { readonly first: number; readonly frames: readonly Buffer[] } | { readonly end: RunEndReason };

/** Ends a run whose lease has run out. Resolves with the state of the run and the rest of its lease. */
export type ExpireRun = (
  run: RunHeader,
) => Promise<{ readonly verdict: RunVerdict; readonly restMs: number }>;

// Clocks may differ a little, so a lease is checked this much later.
const MARGIN_MS = 20;
// How long the end of a run may take to arrive here after the server knows it.
const ARRIVAL_MS = 1_000;

/** Follows the record of one run to its end, and checks meanwhile that its producer is alive. */
export class FollowedRun {
  readonly #run: RunHeader;
  readonly #sink: RunSink;
  readonly #expire: ExpireRun;
  #position = 0;
  #lookAt = 0;
  #isLooking = false;
  #isMissed = false;
  #hasEnded = false;

  constructor(run: RunHeader, sink: RunSink, expire: ExpireRun) {
    this.#run = run;
    this.#sink = sink;
    this.#expire = expire;
  }

  /** Number of the event after which to read on. */
  get position(): number {
    return this.#position;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** From now on the sink is not called. */
  stop(): void {
    this.#hasEnded = true;
  }

  /** @param entries `null` for an entry that could not be decoded */
  ingest(entries: ReadonlyArray<RunEntry | null>): void {
    this.#isMissed = false;
    this.#lookAt = performance.now() + this.#run.leaseMs + MARGIN_MS;
    for (const read of entries) {
      if (this.#hasEnded) return;
      if (read === null) this.#finish("lost");
      else if ("end" in read) this.#finish(read.end);
      else this.#take(read.first, read.frames);
    }
  }

  /** Checks whether the producer is alive, if that is due. */
  look(): void {
    if (this.#isLooking || performance.now() < this.#lookAt) return;
    this.#isLooking = true;
    this.#look()
      .catch(() => {
        // Checked again later, on a new connection.
        this.#lookAt = performance.now() + ARRIVAL_MS;
      })
      .finally(() => {
        this.#isLooking = false;
      });
  }

  async #look(): Promise<void> {
    const { verdict, restMs } = await this.#expire(this.#run);
    if (this.#hasEnded) return;
    if (verdict === "in") {
      this.#isMissed = false;
      this.#lookAt = performance.now() + restMs + MARGIN_MS;
    } else if (this.#isMissed) this.#finish("lost");
    else {
      // Either the end of the run is about to arrive, or the server has lost the record. A producer that is alive writes
      // a lost record again within its lease.
      this.#isMissed = true;
      const pauseMs = verdict === "gone" ? this.#run.leaseMs : ARRIVAL_MS;
      this.#lookAt = performance.now() + pauseMs;
    }
  }

  // A record that was written again may begin with events that are already known.
  #take(first: number, frames: readonly Buffer[]): void {
    const known = this.#position - first + 1;
    if (known < 0) {
      this.#finish("lost");
      return;
    }
    const news = frames.slice(known);
    this.#position += news.length;
    if (news.length > 0) this.#sink.append(news);
  }

  #finish(reason: RunEndReason): void {
    this.#hasEnded = true;
    this.#sink.finish(reason);
  }
}

export function isEndReason(text: string): text is RunEndReason {
  return text === "done" || text === "failed" || text === "cancelled" || text === "lost";
}

/** Splits frames that were stored together, by their lengths. */
export function splitFrames(payload: Buffer, lengths: readonly number[]): Buffer[] {
  let start = 0;
  return lengths.map((length) => payload.subarray(start, (start += length)));
}
