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
  /** Left out where there is no limit. */
  readonly retainMs?: number;
  readonly isVolatile: boolean;
}

/** An event that is kept for newcomers. */
export interface KeptEntry {
  readonly entry: LogEntry;
  /** On the clock of Redis; Infinity for never. */
  readonly expiresAt: number;
}

/** A reply of XREAD or XREVRANGE: id, then names and values in turn. */
export type RawEntry = readonly [id: Buffer, fields: readonly Buffer[] | null];

/** The part of an id of the stream that is a position. */
export function positionOf(id: string): number {
  return Number.parseInt(id, 10);
}

/** The life of the log that an entry says it is of. */
export function epochOf(fields: readonly Buffer[] | null): string | undefined {
  return fields?.[EPOCH_AT]?.toString("latin1");
}

/** Reads an entry. `null` where it is none of ours, or of a version that is not known here. */
export function readEntry(id: string, fields: readonly Buffer[] | null): StreamEntry | null {
  // Name and value in turn. Version 1 is these names in this order.
  if (fields?.length !== 18 || !/^\d{1,16}-0$/.test(id)) return null;
  const text = (at: number) => (fields[at] as Buffer).toString("latin1");
  const [name, version, kind] = [text(0), text(1), text(13)];
  if (name !== "v" || version !== "1" || !isKind(kind)) return null;
  const entry = {
    position: positionOf(id),
    epoch: text(EPOCH_AT),
    previous: toWhole(text(5)),
    time: toWhole(text(7)),
    node: text(9),
    sequence: toWhole(text(11)),
    kind,
    head: kind === "event" ? readHead(String(fields[15])) : null,
    payload: fields[17] as Buffer,
  };
  const numbers = [entry.position, entry.previous, entry.time, entry.sequence];
  const isWhole = numbers.every(Number.isSafeInteger) && entry.previous < entry.position;
  return isWhole && (kind !== "event" || entry.head !== null) ? entry : null;
}

const EPOCH_AT = 3;

function toWhole(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : NaN;
}

/** An event, ready for the wire. */
export function toLogEntry(entry: StreamEntry): LogEntry | null {
  const { head, epoch, position, payload } = entry;
  return head === null ? null : createEntry(head, payload, { epoch, position });
}

/** A retained event. One of an earlier life of the log comes before all there is: position 0. */
export function readRetained(value: Buffer, epoch: string): KeptEntry | null {
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
  const [position = NaN, expiresAt = Infinity] = value
    .toString("latin1", first + 1, second)
    .split(" ")
    .map(Number);
  if (head === null || !Number.isSafeInteger(position) || Number.isNaN(expiresAt)) return null;
  const isOfThisLife = value.toString("latin1", 0, first) === epoch;
  const place = { epoch, position: isOfThisLife ? position : 0 };
  return { entry: createEntry(head, value.subarray(from), place), expiresAt };
}

/** Written beside the frame of an event. */
export function writeHead({ audience, retainKey, retainMs, isVolatile }: LogDraft): string {
  const { rooms, filter, except } = audience;
  // Without the last one where there is none, as versions before it wrote it.
  const keepMs = retainMs ?? undefined;
  return JSON.stringify({ rooms, filter, except, retainKey, isVolatile, retainMs: keepMs });
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

// Most events have one of a few audiences. Who compiles a matcher does so once for each of these.
const knownHeads = new Map<string, EventHead>();
const MAX_KNOWN_HEADS = 256;

function readHead(text: string): EventHead | null {
  const known = knownHeads.get(text);
  if (known !== undefined) return known;
  const head = parseHead(text);
  if (head === null || text.length > 1_000) return head;
  if (knownHeads.size === MAX_KNOWN_HEADS) knownHeads.clear();
  knownHeads.set(text, head);
  return head;
}

function parseHead(text: string): EventHead | null {
  let head: Record<string, unknown> | null;
  try {
    head = JSON.parse(text) as Record<string, unknown> | null;
  } catch {
    return null;
  }
  if (typeof head !== "object" || head === null) return null;
  // All must be there: an audience that lost a part of itself would be a wider one.
  const { rooms, filter, except, retainKey, isVolatile, retainMs } = head;
  const isSound =
    (rooms === null || (Array.isArray(rooms) && rooms.every((room) => typeof room === "string"))) &&
    (filter === null || (typeof filter === "object" && !Array.isArray(filter))) &&
    isTextOrNull(except) &&
    isTextOrNull(retainKey) &&
    typeof isVolatile === "boolean" &&
    (retainMs === undefined || typeof retainMs === "number");
  if (!isSound) return null;
  const limit = retainMs === undefined ? {} : { retainMs };
  return { audience: { rooms, filter, except }, retainKey, isVolatile, ...limit } as EventHead;
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}

function isKind(text: string): text is EntryKind {
  return text === "event" || text === "notice" || text === "question";
}
