import { audienceKeyOf } from "../audience/audience-key.js";
import type { Opened } from "../connection/connection.js";
import type { ConnectionContext, StreamParts } from "../connection/connection-context.js";
import { StreamConnection } from "../connection/stream-connection.js";
import { asOther, toId, toOtherId } from "../log/cursor.js";
import { encodeHubEvent } from "../wire/encoder.js";

/** Encoded entries, ready to be written. */
export interface Batch {
  readonly bytes: Buffer;
  /** Position of the newest entry with an id; 0 for none. */
  readonly lastId: number;
}

/** The state of the log when the browser asked for the stream, and the browser's cursor. */
export interface Arrival {
  /** Empty until a shared log was reached for the first time: then there is no cursor for it. */
  readonly epoch: string;
  readonly head: number;
  readonly lastEventId: string | undefined;
}

/** Where a reader begins to read. */
export interface Beginning {
  /** Everything up to this position was delivered before, or is not for this reader. */
  readonly position: number;
  readonly epoch: string;
  readonly generation: number;
  /** Volatile entries are delivered after this position only. */
  readonly volatileFrom: number;
  /** True if there is initial state that this reader has not received. */
  readonly needsInitialState: boolean;
}

/**
 * A connection as a reader of the log. While it is behind, it has received everything up to `position`. While it is
 * live, it has received everything up to the last finished pass, and at least up to `position`. Only the methods
 * below change where it is.
 *
 * It extends the connection instead of standing beside it, because one object less per stream saves memory.
 */
export class LogReader extends StreamConnection {
  #position = 0;
  // The browser's cursor: position of the newest id written, and the epoch of the log it counts in.
  #cursorPosition = 0;
  #epoch = "";
  #generation = 0;
  #volatileFrom = 0;
  #isLive = false;
  #needsInitialState = false;
  #wantsTick = false;
  #lateRooms: readonly string[] = NONE;
  #arrival: Arrival | null;

  /** @param arrival `null` for a stream that does not read the log */
  constructor(context: ConnectionContext, parts: StreamParts, arrival: Arrival | null) {
    super(context, parts);
    this.#arrival = arrival;
  }

  /** Everything up to this position was delivered, or was not for this connection. */
  get position(): number {
    return this.#position;
  }

  /** Position of the newest id that was written: the browser's cursor. */
  get cursorPosition(): number {
    return this.#cursorPosition;
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** The generation of the log that its position belongs to. */
  get generation(): number {
    return this.#generation;
  }

  /** While it is behind: volatile entries are delivered after this position only. */
  get volatileFrom(): number {
    return this.#volatileFrom;
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  /**
   * True until the initial state was sent, followed by an id. Until then the browser's cursor says that it lacks the
   * state, so that it is sent the state again when it reconnects.
   */
  get needsInitialState(): boolean {
    return this.#needsInitialState;
  }

  /** True if the browser asked for a `hub:tick` when it has caught up, and was not sent one yet. */
  get wantsTick(): boolean {
    return this.#wantsTick;
  }

  cursorFor(next: "same" | "other"): string | undefined {
    if (this.#arrival !== null) return cursorOf(this.#arrival, next);
    const isUnchanged = this.isOwn || next === "same";
    return isUnchanged ? undefined : toOtherId(this.#epoch, this.#cursorPosition);
  }

  /** Sends `hub:open`, with the position to read on from as the browser's cursor. */
  startAt(beginning: Beginning, verdict: Opened): void {
    this.#arrival = null;
    this.#position = beginning.position;
    this.#cursorPosition = beginning.position;
    this.#epoch = beginning.epoch;
    this.#generation = beginning.generation;
    this.#volatileFrom = beginning.volatileFrom;
    this.#needsInitialState = beginning.needsInitialState;
    const toCursor = beginning.needsInitialState ? toOtherId : toId;
    this.open(this.isOwn ? undefined : toCursor(this.#epoch, this.#position), verdict);
  }

  /** The browser asks for a `hub:tick` when it has caught up with the log. */
  askForTick(): void {
    this.#wantsTick = true;
  }

  /** Writes entries of the log. */
  deliver({ bytes, lastId }: Batch): void {
    this.transport.write(bytes);
    if (lastId === 0) return;
    this.#cursorPosition = lastId;
    this.#needsInitialState = false;
  }

  /** Everything up to this position was delivered, or was not for this connection. */
  moveTo(position: number): void {
    this.#position = position;
  }

  /** From now on the fan-out delivers to it. */
  goLive(): void {
    this.#isLive = true;
  }

  /** From now on the fan-out does not deliver to it. Its position stays. */
  leaveLive(): void {
    this.#isLive = false;
  }

  /**
   * From now on the connection is behind at this position: its socket is full, or it is held.
   *
   * @param volatileFrom volatile entries up to this position are not delivered to it
   */
  fallBehind(position: number, volatileFrom = Infinity): void {
    this.#isLive = false;
    this.#position = position;
    this.#volatileFrom = volatileFrom;
  }

  /** Reads on in another generation of the log. */
  enterGeneration(generation: number): void {
    this.#generation = generation;
  }

  /** Sends `hub:gap`: the entries up to the head are skipped, and reading goes on from there. */
  skipTo({ head, epoch }: { readonly head: number; readonly epoch: string }): void {
    const reason = epoch === this.#epoch ? "trimmed" : "epoch";
    this.#position = head;
    this.#cursorPosition = head;
    this.#epoch = epoch;
    this.write(encodeHubEvent("hub:gap", { reason }, { id: toId(epoch, head) }));
  }

  /** Sends `hub:tick`. It moves the browser's cursor past entries that were not for it, so that the cursor stays in the log. */
  tick(position: number): void {
    const data = this.#wantsTick ? { audience: audienceKeyOf(this) } : {};
    this.#cursorPosition = position;
    this.#wantsTick = false;
    this.#needsInitialState = false;
    this.write(encodeHubEvent("hub:tick", data, { id: toId(this.#epoch, position) }));
  }

  /** Rooms were joined while it is behind: it still has to receive what they retain. */
  addLateRooms(rooms: readonly string[]): void {
    this.#lateRooms = [...this.#lateRooms, ...rooms];
  }

  /** Returns the rooms whose retained entries it still has to receive, and forgets them. */
  takeLateRooms(): readonly string[] {
    const rooms = this.#lateRooms;
    this.#lateRooms = NONE;
    return rooms;
  }
}

// The cursor of a stream that ends before `hub:open`: the browser then misses nothing that is broadcast until it is
// back. It has not received its initial state, so the cursor also says that.
function cursorOf(
  { epoch, head, lastEventId }: Arrival,
  next: "same" | "other",
): string | undefined {
  if (lastEventId !== undefined) return next === "other" ? asOther(lastEventId) : undefined;
  return epoch === "" ? undefined : toOtherId(epoch, head);
}

// Shared by all readers: most never have late rooms.
const NONE: readonly string[] = [];
