import type { LogEntry } from "../log/event-log.js";
import type { TimedEntry } from "../log/ring.js";
import type { OlderPage } from "../shared-log/backfill.js";
import type { LogMirror } from "../shared-log/log-mirror.js";
import type { PageSize } from "../shared-log/page-size.js";
import { nobodysEntry, toLogEntry } from "../shared-log/shared-entry.js";
import { readEntry } from "./entry.js";
import type { PostgresSession, Row, Statement } from "./postgres-session.js";
import { sizeOf } from "./row-reader.js";

/** The statement, the mirror to read for, and how much to read. */
export interface OlderPageParts {
  readonly statement: Statement;
  readonly mirror: LogMirror;
  readonly size: PageSize;
}

/** Reads the entry at a position and the entries before it; `null` if the epoch of the mirror has ended. */
export async function readOlder(
  session: PostgresSession,
  { statement, mirror, size }: OlderPageParts,
  start: number,
): Promise<OlderPage | null> {
  const { count } = size;
  const all = await session.query(statement, [start, count]);
  const [first] = all;
  if (first?.epoch !== mirror.epoch) return null;
  const rows = all.filter(({ position }) => position !== null);
  size.adapt(rows.length, sizeOf(rows));
  const isEnd = rows.length < count;
  const next = isEnd ? Number(first.trimmed_event) : Number(rows.at(-1)?.position) - 1;
  return { events: toEvents(mirror, rows), next: Math.min(next, start), isEnd };
}

function toEvents(mirror: LogMirror, rows: readonly Row[]): TimedEntry[] {
  const events: TimedEntry[] = [];
  let newest = performance.now();
  for (const row of rows) {
    const entry = readEntry(row, mirror.epoch, 0);
    if (entry === null) {
      events.push({ ...nobodysEntry(Number(row.position)), appendedAt: newest });
    } else if (entry.kind === "event") {
      const timed = mirror.toTimed(toLogEntry(entry) as LogEntry, entry.time, newest);
      newest = timed.appendedAt;
      events.push(timed);
    }
  }
  return events;
}
