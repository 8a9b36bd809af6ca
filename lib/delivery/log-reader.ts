import { audienceKeyOf } from "../audience/audience-key.js";
import type { Opened } from "../connection/connection.js";
import type { ConnectionContext, StreamParts } from "../connection/connection-context.js";
import { StreamConnection } from "../connection/stream-connection.js";
import { asOther, toId, toOtherId } from "../log/cursor.js";
import { encodeHubEvent } from "../wire/encoder.js";

/** Entries made ready to be written. */
export interface Delivery {
  readonly bytes: Buffer;
  /** Position of the newest id in them; 0 for none. */
  readonly lastId: number;
}

/** Where the log was when a stream was asked for, and the browser's cursor. */
export interface Arrival {
  /** Empty before a shared log was first reached: then no place in it can be named. */
  readonly epoch: string;
  readonly head: number;
  readonly lastEventId: string | undefined;
}

/** Where a reader begins. */
export interface Beginning {
  /** Everything up to here was given before, or is not for this reader. */
  readonly position: number;
  readonly epoch: string;
  readonly generation: number;
  /** Volatile entries count from here on. */
  readonly volatileFrom: number;
  /** True where there is something to begin with, which this reader has not been given. */
  readonly needsInitialState: boolean;
}

/**
 * A connection as a reader of the log. Its place: while it is live, everything up to the last finished
 * pass, but at least `position`; while it is behind, exactly `position`. The place is moved by the
 * methods below and by nothing else.
 *
 * One object with the connection, not one beside it: there is one for each open stream.
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

  /** @param arrival `null` for a stream whose browser keeps no place in the log */
  constructor(context: ConnectionContext, parts: StreamParts, arrival: Arrival | null) {
    super(context, parts);
    this.#arrival = arrival;
  }

  /** Everything up to here was given, or was not for this connection. */
  get position(): number {
    return this.#position;
  }

  /** Position of the newest id that was written. */
  get cursorPosition(): number {
    return this.#cursorPosition;
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** The generation of the log that its position is in; another one after each break. */
  get generation(): number {
    return this.#generation;
  }

  /** While it is behind: volatile entries count from here on. */
  get volatileFrom(): number {
    return this.#volatileFrom;
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  /**
   * True until what the stream begins with was given and an id came behind it. Until then the browser's
   * cursor says so, and a return is given it again.
   */
  get needsInitialState(): boolean {
    return this.#needsInitialState;
  }

  /** True until the browser is told that it has been given all there was, if it asked for that. */
  get wantsTick(): boolean {
    return this.#wantsTick;
  }

  cursorFor(next: "same" | "other"): string | undefined {
    if (this.#arrival !== null) return cursorOf(this.#arrival, next);
    const isUnchanged = this.isOwn || next === "same";
    return isUnchanged ? undefined : toOtherId(this.#epoch, this.#cursorPosition);
  }

  /** Says `hub:open`, with the place it reads on from as the browser's cursor. */
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

  /** From here on the browser waits to be told that it has been given all there was. */
  askForTick(): void {
    this.#wantsTick = true;
  }

  /** Writes entries of the log. */
  deliver({ bytes, lastId }: Delivery): void {
    this.transport.write(bytes);
    if (lastId === 0) return;
    this.#cursorPosition = lastId;
    this.#needsInitialState = false;
  }

  /** Everything up to here was given, or was not for this connection. */
  moveTo(position: number): void {
    this.#position = position;
  }

  /** From here on it is given what comes. */
  goLive(): void {
    this.#isLive = true;
  }

  /** It is given no more of what comes, and its place is as it was. */
  leaveLive(): void {
    this.#isLive = false;
  }

  /**
   * From here on the connection is behind, at this position: its socket takes no more, or it is held.
   *
   * @param volatileFrom volatile entries up to here are not for it
   */
  fallBehind(position: number, volatileFrom = Infinity): void {
    this.#isLive = false;
    this.#position = position;
    this.#volatileFrom = volatileFrom;
  }

  /** Reads on in another generation of the log. */
  crossInto(generation: number): void {
    this.#generation = generation;
  }

  /** Says `hub:gap`: what came before that place has gone unread; live goes on from here. */
  skipTo({ head, epoch }: { readonly head: number; readonly epoch: string }): void {
    const reason = epoch === this.#epoch ? "trimmed" : "epoch";
    this.#position = head;
    this.#cursorPosition = head;
    this.#epoch = epoch;
    this.write(encodeHubEvent("hub:gap", { reason }, { id: toId(epoch, head) }));
  }

  /** Moves the browser's cursor past entries that were not for it, so that it stays in the log. */
  tick(position: number): void {
    const data = this.#wantsTick ? { audience: audienceKeyOf(this) } : {};
    this.#cursorPosition = position;
    this.#wantsTick = false;
    this.#needsInitialState = false;
    this.write(encodeHubEvent("hub:tick", data, { id: toId(this.#epoch, position) }));
  }

  /** Rooms were joined while it is behind: what they retain is still to be given. */
  addLateRooms(rooms: readonly string[]): void {
    this.#lateRooms = [...this.#lateRooms, ...rooms];
  }

  /** Gives the rooms whose retained entries are still to be given, and forgets them. */
  takeLateRooms(): readonly string[] {
    const rooms = this.#lateRooms;
    this.#lateRooms = NONE;
    return rooms;
  }
}

// A stream that ends before it was open hands over its place: what is broadcast until the browser is back
// is for it. It was given nothing to begin with, so that is given then.
function cursorOf(
  { epoch, head, lastEventId }: Arrival,
  next: "same" | "other",
): string | undefined {
  if (lastEventId !== undefined) return next === "other" ? asOther(lastEventId) : undefined;
  return epoch === "" ? undefined : toOtherId(epoch, head);
}

// One for all: most never have any.
const NONE: readonly string[] = [];
