import { toId } from "../log/cursor.js";
import type { Audience, LogDraft, LogEntry } from "../log/event-log.js";
import { withId } from "../wire/encoder.js";

/** What an entry of the stream is: an event, what a node tells the others, or what it asks all. */
export type EntryKind = "event" | "notice" | "question";

/** An entry of the stream, as one of our nodes has written it. */
export interface StreamEntry {
  readonly position: number;
  readonly epoch: string;
  /** Position of the entry before it: what it was written behind. */
  readonly previous: number;
  /** On the clock of Redis, milliseconds since 1970. */
  readonly time: number;
  /** Who has written it, and as which of its entries. */
  readonly node: string;
  readonly sequence: number;
  readonly kind: EntryKind;
  readonly head: EventHead | null;
  /** The frame of an event, else JSON. */
  readonly payload: Buffer;
}

/** What there is beside the frame of an event. */
export interface EventHead {
  readonly audience: Audience;
  readonly retainKey: string | null;
  readonly isVolatile: boolean;
}

/** A reply of XREAD or XREVRANGE: id, then names and values in turn. */
export type RawEntry = readonly [id: Buffer, fields: readonly Buffer[] | null];

/** The part of an id of the stream that is a position. */
export function positionOf(id: string): number {
  return Number(id.split("-", 1)[0]);
}

/** Reads an entry. `null` where it is none of ours, or of a version that is not known here. */
export function readEntry(id: string, fields: readonly Buffer[] | null): StreamEntry | null {
  const values = new Map<string, Buffer>();
  for (let at = 0; at + 1 < (fields?.length ?? 0); at += 2) {
    values.set(String(fields?.[at]), fields?.[at + 1] as Buffer);
  }
  const text = (name: string) => String(values.get(name) ?? "");
  const whole = (name: string) => (/^\d{1,16}$/.test(text(name)) ? Number(text(name)) : NaN);
  const [kind, payload] = [text("k"), values.get("d")];
  const isOurs = text("v") === "1" && /^\d{1,16}-0$/.test(id) && isKind(kind);
  if (!isOurs || payload === undefined) return null;
  const entry = {
    position: positionOf(id),
    epoch: text("e"),
    previous: whole("p"),
    time: whole("t"),
    node: text("n"),
    sequence: whole("s"),
    kind,
    head: kind === "event" ? readHead(text("h")) : null,
    payload,
  };
  const numbers = [entry.position, entry.previous, entry.time, entry.sequence];
  const isWhole = numbers.every(Number.isSafeInteger) && entry.previous < entry.position;
  return isWhole && (kind !== "event" || entry.head !== null) ? entry : null;
}

/** An event, ready for the wire. */
export function toLogEntry(entry: StreamEntry): LogEntry | null {
  const { head, epoch, position, payload } = entry;
  return head === null ? null : createEntry(head, payload, { epoch, position });
}

/** A retained event. One of an earlier life of the log comes before all there is: position 0. */
export function readRetained(value: Buffer, epoch: string): LogEntry | null {
  const ends = [0, 0, 0];
  let from = 0;
  for (const line of ends.keys()) {
    const end = value.indexOf("\n", from);
    if (end === -1) return null;
    ends[line] = end;
    from = end + 1;
  }
  const [first = 0, second = 0, third = 0] = ends;
  const head = readHead(value.toString("utf8", second + 1, third));
  const position = Number(value.toString("latin1", first + 1, second));
  if (head === null || !Number.isSafeInteger(position)) return null;
  const isOfThisLife = value.toString("latin1", 0, first) === epoch;
  return createEntry(head, value.subarray(from), { epoch, position: isOfThisLife ? position : 0 });
}

/** Written beside the frame of an event. */
export function writeHead({ audience, retainKey, isVolatile }: LogDraft): string {
  const { rooms, filter, except } = audience;
  return JSON.stringify({ rooms, filter, except, retainKey, isVolatile });
}

/** An entry that holds its place and is for nobody. */
export function nobodysEntry(position: number): LogEntry {
  const audience = { rooms: [], filter: null, except: null };
  return { position, bytes: Buffer.alloc(0), audience, isVolatile: true };
}

function createEntry(
  { audience, isVolatile }: EventHead,
  frame: Buffer,
  { epoch, position }: { readonly epoch: string; readonly position: number },
): LogEntry {
  // A copy in either case: the frame is a piece of all that has come over the connection.
  const bytes = isVolatile ? Buffer.from(frame) : withId(toId(epoch, position), frame);
  return { position, bytes, audience, isVolatile };
}

function readHead(text: string): EventHead | null {
  let head: Record<string, unknown> | null;
  try {
    head = JSON.parse(text) as Record<string, unknown> | null;
  } catch {
    return null;
  }
  if (typeof head !== "object" || head === null) return null;
  // All must be there: an audience that lost a part of itself would be a wider one.
  const { rooms, filter, except, retainKey, isVolatile } = head;
  const isSound =
    (rooms === null || (Array.isArray(rooms) && rooms.every((room) => typeof room === "string"))) &&
    (filter === null || typeof filter === "object") &&
    isTextOrNull(except) &&
    isTextOrNull(retainKey) &&
    typeof isVolatile === "boolean";
  return isSound
    ? ({ audience: { rooms, filter, except }, retainKey, isVolatile } as EventHead)
    : null;
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}

function isKind(text: string): text is EntryKind {
  return text === "event" || text === "notice" || text === "question";
}
