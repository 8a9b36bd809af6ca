import type { LogEntry } from "../log/event-log.js";
import type { TimedEntry } from "../log/ring.js";
import type { OlderPage } from "../shared-log/backfill.js";
import type { LogMirror } from "../shared-log/log-mirror.js";
import type { PageSize } from "../shared-log/page-size.js";
import { nobodysEntry, toLogEntry } from "../shared-log/shared-entry.js";
import { readEntry, sizeOf, type RawEntry } from "./entry.js";
import type { Keys } from "./keys.js";
import type { RedisSession } from "./redis-session.js";

/** What is read into, and from where. */
export interface OlderPageParts {
  readonly keys: Pick<Keys, "log" | "meta">;
  readonly mirror: LogMirror;
  readonly size: PageSize;
}

/** Reads a position and what comes before it. `null` where the life of the log has ended. */
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
  if (isEnd && !(await isAlive(redis, keys.meta, mirror))) return null;
  size.adapt(
    page.length,
    page.reduce((sum, [, fields]) => sum + sizeOf(fields), 0),
  );
  return { events, next, isEnd };
}

// Whether the life of the log that is read here has not ended.
async function isAlive(redis: RedisSession, meta: string, mirror: LogMirror): Promise<boolean> {
  const [epoch] = (await redis.send(["HMGET", meta, "epoch"])) as Array<Buffer | null>;
  return String(epoch) === mirror.epoch;
}

// Each entry names the one before it: what is there but not named is not ours, and where the one that
// is named is not there, the log ends.
function follow(mirror: LogMirror, page: readonly RawEntry[], start: number): Stretch {
  const events: TimedEntry[] = [];
  let next = start;
  // After an entry of another version, which names its own in a way that is not known here.
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

interface Stretch {
  /** Newest first. */
  readonly events: TimedEntry[];
  /** Position of the entry that is to come next, downwards. */
  readonly next: number;
  /** Nothing comes next. */
  readonly isBroken: boolean;
}
