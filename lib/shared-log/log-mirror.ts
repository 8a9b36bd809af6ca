import type { LogEntry, LogFollower, Notice } from "../log/event-log.js";
import { Retained } from "../log/retained.js";
import { Ring, type RingBounds, type TimedEntry } from "../log/ring.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import { toLogEntry, type ReadEntry, type SharedEntry } from "./shared-entry.js";
import type { LogBeginning, LogState, SeenEntry } from "./log-state.js";

/** What a {@link LogMirror} is given by the log, and what it calls. */
export interface LogMirrorParts {
  /** Name of the server, such as `Redis`. */
  readonly engine: string;
  readonly node: string;
  /** An entry of this node was read back. */
  onOwn(entry: SharedEntry): void;
  /** A question of a node was read. */
  onQuestion(question: Notice): void;
  /** More entries were read. */
  onProgress(): void;
}

/**
 * This node's copy of the log, in the order of the log. It keeps events in a ring, and passes messages and questions on.
 * Invariant: every entry up to `position` has been read, or the followers were told of a break.
 */
export class LogMirror {
  readonly followers = new Set<LogFollower>();
  readonly #bounds: RingBounds;
  readonly #parts: LogMirrorParts;
  #ring: Ring;
  #retained = new Retained();
  #epoch = "";
  #seen: SeenEntry | null = null;
  // Positions of the latest entries if they could not be decoded: the next entry may follow one of them.
  readonly #skipped = new Set<number>();
  #position = 0;
  #cursor: string | null = null;
  // Position of the newest entry that is gone from the server; the ring may still hold it.
  #gone = 0;
  // Add this to a time of the server to get the time on the clock of this process.
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

  /** Position of the newest entry that was read and decoded. */
  get position(): number {
    return this.#position;
  }

  /** True if everything up to this position was read, even if its entry could not be decoded. */
  hasRead(position: number): boolean {
    // The cursor does not help: an entry that was added by hand may have a far higher id.
    return position <= this.#position || this.#skipped.has(position);
  }

  /** The server's id of the last entry read, decoded or not; `null`: the id of `position`. */
  get cursor(): string | null {
    return this.#cursor;
  }

  /** Position of the newest event that neither this node nor the server holds. */
  get trimmed(): number {
    const { isFull, trimmed } = this.#ring;
    return isFull ? trimmed : Math.min(trimmed, this.#gone);
  }

  /** Everything up to this position is gone from the server. */
  lose(position: number): void {
    this.#gone = Math.max(this.#gone, position);
  }

  /** Takes over the state that the server has just told. */
  update({ epoch, trimmed, time }: LogState): void {
    if (epoch !== this.#epoch) return;
    this.lose(trimmed);
    this.#clockShift = performance.now() - time;
  }

  /**
   * Starts again with an empty ring. It starts at the head if this node has just started or has missed entries, and at
   * the beginning if a new epoch has begun that is still complete.
   */
  begin({ state, retained }: LogBeginning): void {
    const isNextEpoch = this.#epoch !== "" && this.#epoch !== state.epoch && state.trimmed === 0;
    this.#epoch = state.epoch;
    this.#ring = new Ring(this.#bounds, isNextEpoch ? 0 : state.event);
    this.#position = isNextEpoch ? 0 : state.head;
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
   * Adds the entries that follow the cursor. Returns `false` if entries between are missing: it then stops before the
   * first entry that does not follow.
   */
  ingest(batch: readonly ReadEntry[]): boolean {
    const { head } = this.#ring;
    const isWhole = batch.every((read) => this.#take(read));
    if (this.#ring.head > head) this.#move();
    this.#parts.onProgress();
    return isWhole;
  }

  /** An event that was read later, with its true age. */
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
    // An entry that is left of an earlier epoch is skipped.
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
    this.#handle(id, entry);
    if (node === this.#parts.node) this.#parts.onOwn(entry);
    return true;
  }

  #pass(id: string): true {
    this.#cursor = id;
    return true;
  }

  #handle(id: string, entry: SharedEntry): void {
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
      `The entry ${id} of the log in ${this.#parts.engine} could not be decoded, so it is delivered to no one. ` +
        "Another version of this package has written it, or another program: run the same version on all nodes, " +
        "and give the log a name of its own.",
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
