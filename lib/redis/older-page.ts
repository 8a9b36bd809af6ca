import type { LogEntry } from "../log/event-log.js";
import type { TimedEntry } from "../log/ring.js";
import type { OlderPage } from "../shared-log/backfill.js";
import type { LogMirror } from "../shared-log/log-mirror.js";
import type { PageSize } from "../shared-log/page-size.js";
import { nobodysEntry, toLogEntry } from "../shared-log/shared-entry.js";
import { readEntry, sizeOf, type RawEntry } from "./entry.js";
import type { Keys } from "./keys.js";
import type { RedisSession } from "./redis-session.js";

/** The stream to read, the mirror to read for, and how much to read. */
export interface OlderPageParts {
  readonly keys: Pick<Keys, "log" | "meta">;
  readonly mirror: LogMirror;
  readonly size: PageSize;
}

/** Reads the entry at a position and the entries before it; `null` if the epoch of the mirror has ended. */
export async function readOlder(
  redis: RedisSession,
  { keys, mirror, size }: OlderPageParts,
  start: number,
): Promise<OlderPage | null> {
  const { count } = size;
  const range = ["XREVRANGE", keys.log, `${start}-0`, "-", "COUNT", String(count)];
  const page = (await redis.send(range)) as RawEntry[];
  const { events, next, isBroken } = follow(mirror, page, start);
  const isEnd = isBroken || page.length < count || next === start;
  if (isEnd && !(await isSameEpoch(redis, keys.meta, mirror))) return null;
  size.adapt(
    page.length,
    page.reduce((sum, [, fields]) => sum + sizeOf(fields), 0),
  );
  return { events, next, isEnd };
}

// Whether the log still has the epoch that the mirror reads.
async function isSameEpoch(redis: RedisSession, meta: string, mirror: LogMirror): Promise<boolean> {
  const [epoch] = (await redis.send(["HMGET", meta, "epoch"])) as Array<Buffer | null>;
  return String(epoch) === mirror.epoch;
}

// Each entry names the one before it. An entry that is not named is not ours, and if the named one is missing, the log
// ends there.
function follow(mirror: LogMirror, page: readonly RawEntry[], start: number): Chain {
  const events: TimedEntry[] = [];
  let next = start;
  // True after an entry of another version: it cannot be decoded, so the entry before it is not known.
  let isUnnamed = false;
  let newest = performance.now();
  for (const [rawId, fields] of page) {
    const id = String(rawId);
    const entry = readEntry(id, fields);
    const isNamed = id === `${next}-0`;
    if (isNamed && entry === null) {
      isUnnamed = true;
      events.push({ ...nobodysEntry(next), appendedAt: newest });
      next -= 1;
    }
    if (entry?.epoch !== mirror.epoch) continue;
    if (!isNamed && !isUnnamed) return { events, next, isBroken: true };
    isUnnamed = false;
    next = entry.previous;
    if (entry.kind !== "event") continue;
    const timed = mirror.toTimed(toLogEntry(entry) as LogEntry, entry.time, newest);
    newest = timed.appendedAt;
    events.push(timed);
  }
  return { events, next, isBroken: next === 0 };
}

interface Chain {
  /** Newest first. */
  readonly events: TimedEntry[];
  /** Position of the next older entry. */
  readonly next: number;
  /** True if the log ends here. */
  readonly isBroken: boolean;
}
