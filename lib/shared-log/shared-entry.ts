import { toId } from "../log/cursor.js";
import { withMarks } from "../log/with-marks.js";
import type { Audience, LogDraft, LogEntry } from "../log/event-log.js";
import { withId } from "../wire/encoder.js";

/** The kinds of entries: an event, a message of a node to the others, or a question of a node to all. */
export type EntryKind = "event" | "notice" | "question";

/** An entry of the log, as one of our nodes has written it. */
export interface SharedEntry {
  readonly position: number;
  readonly epoch: string;
  /** Position of the entry before it. */
  readonly previous: number;
  /** On the clock of the server, milliseconds since 1970. */
  readonly time: number;
  /** The node that has written it. */
  readonly node: string;
  /** Its number among the entries of this node. */
  readonly sequence: number;
  readonly kind: EntryKind;
  readonly head: EventHead | null;
  /** The frame of an event, else JSON. */
  readonly payload: Buffer;
}

/** An entry that was read from the server. */
export interface ReadEntry {
  /** The server's id of the entry. */
  readonly id: string;
  /** `null` if the id is not one that this package writes. */
  readonly position: number | null;
  /** `null` if the entry could not be decoded. */
  readonly entry: SharedEntry | null;
}

/** What is stored with the frame of an event. */
export interface EventHead {
  readonly audience: Audience;
  readonly retainKey: string | null;
  /** Left out if there is no limit. */
  readonly retainMs?: number;
  readonly isVolatile: boolean;
  /** Left out unless the event was sent from a dashboard. */
  readonly sentBy?: object | null;
  /** Left out without a tracer. */
  readonly traceContext?: string;
}

/** An event, ready for the wire. */
export function toLogEntry(entry: SharedEntry): LogEntry | null {
  const { head, epoch, position, payload } = entry;
  return head === null ? null : createEntry(head, payload, { epoch, position });
}

/** Encodes what is stored with the frame of an event. */
export function writeHead(draft: LogDraft): string {
  const { retainKey, retainMs, isVolatile, sentBy, traceContext } = draft;
  const { rooms, filter, except } = draft.audience;
  // Without the last members if they are not needed, as older versions wrote it.
  const optional = { retainMs: retainMs ?? undefined, sentBy, trace: traceContext };
  return JSON.stringify({ rooms, filter, except, retainKey, isVolatile, ...optional });
}

/** An entry that keeps its position and is for no one. */
export function nobodysEntry(position: number): LogEntry {
  const audience = { rooms: [], filter: null, except: null };
  return { position, bytes: Buffer.alloc(0), audience, isVolatile: true };
}

export function createEntry(
  head: EventHead,
  frame: Buffer,
  { epoch, position }: { readonly epoch: string; readonly position: number },
): LogEntry {
  const { audience, isVolatile } = head;
  // A copy in both cases: the frame is a part of a larger buffer that came over the connection.
  const bytes = isVolatile ? Buffer.from(frame) : withId(toId(epoch, position), frame);
  return withMarks(head, { position, bytes, audience, isVolatile });
}

// Most events have one of a few audiences. The same object is returned for each, so that its matcher is compiled once.
const knownHeads = new Map<string, EventHead>();
const MAX_KNOWN_HEADS = 256;

// The trace context is the last member, so that the text before it is the same for all events of an audience.
const TRACE = /,"trace":("(?:[^"\\]|\\.)*")\}$/;

export function readHead(text: string): EventHead | null {
  // Without a trace context, the text ends in a number or a boolean.
  const [trace, quoted = ""] = text.endsWith('"}') ? (TRACE.exec(text) ?? []) : [];
  if (trace === undefined) return readKnownHead(text);
  const head = readKnownHead(`${text.slice(0, -trace.length)}}`);
  const traceContext = textIn(quoted);
  return head === null || traceContext === null ? null : { ...head, traceContext };
}

function textIn(quoted: string): string | null {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return null;
  }
}

function readKnownHead(text: string): EventHead | null {
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
  // All members must be there: an audience without one of its parts would be a wider audience.
  const { rooms, filter, except, retainKey, isVolatile, retainMs, sentBy } = head;
  const isSound =
    (rooms === null || (Array.isArray(rooms) && rooms.every((room) => typeof room === "string"))) &&
    (filter === null || (typeof filter === "object" && !Array.isArray(filter))) &&
    isTextOrNull(except) &&
    isTextOrNull(retainKey) &&
    typeof isVolatile === "boolean" &&
    (retainMs === undefined || typeof retainMs === "number") &&
    (sentBy === undefined || typeof sentBy === "object");
  if (!isSound) return null;
  const limit = retainMs === undefined ? {} : { retainMs };
  const sender = sentBy === undefined ? {} : { sentBy };
  const audience = { rooms, filter, except };
  return { audience, retainKey, isVolatile, ...limit, ...sender } as EventHead;
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}

export function isKind(text: string): text is EntryKind {
  return text === "event" || text === "notice" || text === "question";
}
