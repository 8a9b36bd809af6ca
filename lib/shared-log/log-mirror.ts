import type { LogEntry, LogFollower, Notice } from "../log/event-log.js";
import { Retained } from "../log/retained.js";
import { Ring, type RingBounds, type TimedEntry } from "../log/ring.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import { toLogEntry, type ReadEntry, type SharedEntry } from "./shared-entry.js";
import type { LogBeginning, LogState, SeenEntry } from "./log-state.js";

/** What the mirror tells the rest of the log. */
export interface LogMirrorParts {
  /** Name of the server, such as `Redis`. */
  readonly engine: string;
  readonly node: string;
  /** An entry of this node's own is in the log. */
  onOwn(entry: SharedEntry): void;
  /** A node asks. */
  onQuestion(question: Notice): void;
  /** More has been read. */
  onProgress(): void;
}

/**
 * What this node has read of the log, in its order: the events in a ring of its own, the notices
 * and questions handed on. Invariant: every entry up to `position` has been read, or its followers
 * were told of a break.
 */
export class LogMirror {
  readonly followers = new Set<LogFollower>();
  readonly #bounds: RingBounds;
  readonly #parts: LogMirrorParts;
  #ring: Ring;
  #retained = new Retained();
  #epoch = "";
  #seen: SeenEntry | null = null;
  // Entries at the end of what was read that could not be understood: a later one may follow on them.
  readonly #skipped = new Set<number>();
  #position = 0;
  #cursor: string | null = null;
  // Newest entry that is known to be gone from the server; the ring may still hold it.
  #gone = 0;
  // What must be added to the clock of the server for that of this process.
  #clockShift = 0;

  constructor(bounds: RingBounds, parts: LogMirrorParts) {
    this.#bounds = bounds;
    this.#parts = parts;
    this.#ring = new Ring(bounds);
  }

  get epoch(): string {
    return this.#epoch;
  }

  get ring(): Ring {
    return this.#ring;
  }

  get retained(): Iterable<LogEntry> {
    return this.#retained;
  }

  get seen(): SeenEntry | null {
    return this.#seen;
  }

  /** Position of the newest entry that was read and understood. */
  get position(): number {
    return this.#position;
  }

  /** True when all has been read up to an entry of ours, also where it could not be understood. */
  hasRead(position: number): boolean {
    // The cursor tells nothing: what was added by hand may be far ahead of all that follows.
    return position <= this.#position || this.#skipped.has(position);
  }

  /** Id on the server of the last entry read, also of one that was not understood; `null`: that of `position`. */
  get cursor(): string | null {
    return this.#cursor;
  }

  /** Position of the newest event that can be had neither here nor on the server. */
  get trimmed(): number {
    const { isFull, trimmed } = this.#ring;
    return isFull ? trimmed : Math.min(trimmed, this.#gone);
  }

  /** Everything up to here is known to be gone from the server. */
  lose(position: number): void {
    this.#gone = Math.max(this.#gone, position);
  }

  /** Takes in what the server has just said. */
  update({ epoch, trimmed, time }: LogState): void {
    if (epoch !== this.#epoch) return;
    this.lose(trimmed);
    this.#clockShift = performance.now() - time;
  }

  /**
   * Goes on with nothing read before: from the head, where there is a hole in the log, or this node has
   * just started; from the beginning, where another life of the log has begun that is still whole.
   */
  begin({ state, retained }: LogBeginning): void {
    const isNextLife = this.#epoch !== "" && this.#epoch !== state.epoch && state.trimmed === 0;
    this.#epoch = state.epoch;
    this.#ring = new Ring(this.#bounds, isNextLife ? 0 : state.event);
    this.#position = isNextLife ? 0 : state.head;
    this.#cursor = null;
    this.#skipped.clear();
    this.#seen = { epoch: state.epoch, position: this.#position, node: "", sequence: 0 };
    this.#gone = 0;
    this.update(state);
    this.#retained = new Retained();
    for (const [key, { entry, expiresAt }] of retained) {
      this.#retained.set(key, entry, expiresAt + this.#clockShift);
    }
    for (const follower of this.followers) follower.onBreak();
    this.#move();
    this.#parts.onProgress();
  }

  /**
   * Takes in what follows on the cursor. `false` where it does not follow: entries between have gone
   * unread, and what comes behind them has not been taken in.
   */
  ingest(batch: readonly ReadEntry[]): boolean {
    const { head } = this.#ring;
    const isWhole = batch.every((read) => this.#take(read));
    if (this.#ring.head > head) this.#move();
    this.#parts.onProgress();
    return isWhole;
  }

  /** An event that was read late, with the age it has. */
  toTimed(entry: LogEntry, time: number, newest: number): TimedEntry {
    return { ...entry, appendedAt: Math.min(newest, time + this.#clockShift) };
  }

  report(error: SseHubError): void {
    for (const follower of this.followers) follower.onError(error);
  }

  #move(): void {
    for (const follower of this.followers) follower.onMove();
  }

  #take({ id, position: place, entry }: ReadEntry): boolean {
    // What is left of an earlier life was for its readers.
    if (entry !== null && entry.epoch !== this.#epoch) return this.#pass(id);
    if (entry === null) {
      this.report(this.#notUnderstood(id));
      if (place !== null) this.#skipped.add(place);
      return this.#pass(id);
    }
    const { position, previous, node, sequence } = entry;
    if (previous !== this.#position && !this.#skipped.has(previous)) return false;
    this.#pass(id);
    this.#skipped.clear();
    this.#position = position;
    this.#seen = { epoch: this.#epoch, position, node, sequence };
    this.#hand(id, entry);
    if (node === this.#parts.node) this.#parts.onOwn(entry);
    return true;
  }

  #pass(id: string): true {
    this.#cursor = id;
    return true;
  }

  #hand(id: string, entry: SharedEntry): void {
    if (entry.kind === "event") {
      const event = toLogEntry(entry) as LogEntry;
      this.#ring.append({ ...event, appendedAt: performance.now() });
      const { retainKey: key = null, retainMs = Infinity } = entry.head ?? {};
      if (key !== null) this.#retained.set(key, event, entry.time + retainMs + this.#clockShift);
      return;
    }
    const told = readNotice(entry.payload);
    if (told === null) this.report(this.#notUnderstood(id));
    else if (entry.kind === "question") this.#parts.onQuestion(told);
    else if (entry.node !== this.#parts.node) {
      for (const follower of this.followers) follower.onNotice(told);
    }
  }

  #notUnderstood(id: string): SseHubError {
    return new SseHubError(
      "ERR_SSE_LOG_ENTRY",
      `The entry ${id} of the log in ${this.#parts.engine} could not be understood, so it is for nobody. ` +
        "Either it was not written by this package, or by another version of it.",
    );
  }
}

function readNotice(payload: Buffer): Notice | null {
  try {
    const told = JSON.parse(payload.toString()) as unknown;
    return typeof told === "object" && told !== null ? (told as Notice) : null;
  } catch {
    return null;
  }
}
