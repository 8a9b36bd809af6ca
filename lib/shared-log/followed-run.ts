import type { RunEndReason, RunHeader, RunSink, RunVerdict } from "../log/run-store.js";

/** What is read of a record: some events, by the number of the first, or the end. */
export type RunEntry =
  { readonly first: number; readonly frames: readonly Buffer[] } | { readonly end: RunEndReason };

/** Ends a run whose lease has run out. Gives what has become of it, and for how long its lease is good. */
export type ExpireRun = (
  run: RunHeader,
) => Promise<{ readonly verdict: RunVerdict; readonly restMs: number }>;

// After a lease the clocks may still differ a little.
const MARGIN_MS = 20;
// Who wrote the end of a record has written what comes before, so it is there, or it is gone.
const ARRIVAL_MS = 1_000;

/** One record that is being read, up to its end, and whether its producer gives signs of life. */
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

  /** Number of the event behind which to read on. */
  get position(): number {
    return this.#position;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Nothing is given to the sink any more. */
  stop(): void {
    this.#hasEnded = true;
  }

  /** @param entries `null` for one that could not be understood */
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

  /** Looks whether the producer is alive, when that is due. */
  look(): void {
    if (this.#isLooking || performance.now() < this.#lookAt) return;
    this.#isLooking = true;
    this.#look()
      .catch(() => {
        // Asked again on another connection.
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
      // Its end arrives; or Redis has lost it, and its producer, if it is alive, writes it anew within the lease.
      this.#isMissed = true;
      const pauseMs = verdict === "gone" ? this.#run.leaseMs : ARRIVAL_MS;
      this.#lookAt = performance.now() + pauseMs;
    }
  }

  // After a record was written anew, an entry may begin before what is known of it.
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

/** The frames that were stored as one, by their lengths. */
export function splitFrames(payload: Buffer, lengths: readonly number[]): Buffer[] {
  let start = 0;
  return lengths.map((length) => payload.subarray(start, (start += length)));
}
