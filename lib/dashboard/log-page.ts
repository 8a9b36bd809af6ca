import { toId } from "../log/cursor.js";
import type { EventLog, LogEntry } from "../log/event-log.js";

const PAGE_BYTES = 1_048_576;
// Who looks reads on from there in time; who comes later than this begins anew.
const MAX_POSITIONS = 20_000;
// How far back a first look goes until it has enough: notices and questions of nodes have positions, too.
const STEPS = [200, 1_000, 5_000];

/** Entries of the log for somebody who looks. */
export interface LogLook {
  /** The place to read on from, as `<epoch>.<position>`. */
  readonly at: string;
  /** True where it does not follow on what was asked for. */
  readonly isAnew: boolean;
  /** Oldest first. */
  readonly entries: readonly LogEntry[];
  /** How many more there were that are not among these: older ones. */
  readonly left: number;
}

/** What of the log is wanted. */
export interface LogWish {
  /** Where the last look ended; `""` for a first one. */
  readonly after: string;
  /** The most entries to give: the newest. */
  readonly most: number;
  /** True where a first look gives what is there already, false where it only finds the place. */
  readonly wantsOlder: boolean;
  readonly isWanted: (entry: LogEntry) => boolean;
}

/** Reads on from the place of an earlier look, or gives the newest entries. */
export async function lookInto(log: EventLog, wish: LogWish): Promise<LogLook> {
  const after = placeIn(log, wish.after);
  if (after !== null) {
    const { entries, isTrimmed } = await readTo(log, after);
    if (!isTrimmed) return lookOf(log, entries, wish, { isAnew: false });
  }
  if (!wish.wantsOlder) return lookOf(log, [], wish, { isAnew: true });
  return lookOf(log, await newest(log, wish), wish, { isAnew: true });
}

async function newest(log: EventLog, { most, isWanted }: LogWish): Promise<LogEntry[]> {
  let entries: LogEntry[] = [];
  for (const step of STEPS) {
    const from = Math.max(log.trimmed, log.head - step);
    const read = await readTo(log, from);
    if (!read.isTrimmed) entries = read.entries;
    if (from === log.trimmed || entries.filter(isWanted).length >= most) break;
  }
  return entries;
}

/** Everything after a position, up to the head. */
async function readTo(
  log: EventLog,
  after: number,
): Promise<{ readonly entries: LogEntry[]; readonly isTrimmed: boolean }> {
  const entries: LogEntry[] = [];
  for (let position = after; position < log.head;) {
    const page = await log.read(position, PAGE_BYTES);
    const last = page.entries.at(-1);
    if (page.isTrimmed) return { entries: [], isTrimmed: true };
    if (last === undefined) break;
    for (const entry of page.entries) entries.push(entry);
    position = last.position;
  }
  return { entries, isTrimmed: false };
}

function lookOf(
  log: EventLog,
  entries: readonly LogEntry[],
  { most, isWanted }: LogWish,
  { isAnew }: Pick<LogLook, "isAnew">,
): LogLook {
  const wanted = entries.filter(isWanted);
  const position = entries.at(-1)?.position ?? log.head;
  return {
    at: toId(log.epoch, position),
    isAnew,
    entries: wanted.slice(-most),
    left: Math.max(0, wanted.length - most),
  };
}

/** The position to read on from; `null` where that is no place in this log, or is far behind. */
function placeIn({ epoch, head }: EventLog, after: string): number | null {
  const dot = after.lastIndexOf(".");
  const position = Number(after.slice(dot + 1));
  const isPlace = dot > 0 && after.slice(0, dot) === epoch && Number.isSafeInteger(position);
  return isPlace && position >= head - MAX_POSITIONS ? Math.min(position, head) : null;
}
