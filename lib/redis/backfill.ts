import { setTimeout as sleep } from "node:timers/promises";
import type { LogEntry } from "../log/event-log.js";
import type { Ring, TimedEntry } from "../log/ring.js";
import type { RedisSession } from "./redis-session.js";
import { nobodysEntry, readEntry, toLogEntry, type RawEntry } from "./entry.js";
import type { StreamMirror } from "./stream-mirror.js";
import type { Keys } from "./keys.js";
import { countFor, sizeOf } from "./stream-reader.js";

// The reader looks every second whether the log has begun anew.
const BREAK_PAUSE_MS = 50;

/** Where old entries come from. */
export interface BackfillParts {
  readonly mirror: StreamMirror;
  readonly keys: Pick<Keys, "log" | "meta">;
  whenUp(): Promise<RedisSession>;
}

/**
 * Fills the ring downwards with what was in the log before this node came. All who ask share the same
 * reads, so that many browsers which return at once cost the log no more than one.
 */
export class Backfill {
  readonly #parts: BackfillParts;
  #running: Promise<void> | undefined;
  #wanted = Infinity;
  #count = 64;

  constructor(parts: BackfillParts) {
    this.#parts = parts;
  }

  /** Resolves when the ring holds all after a position, or when it is known that it never will. */
  async reach(after: number): Promise<void> {
    const { ring } = this.#parts.mirror;
    while (this.#isMissing(ring, after)) {
      this.#wanted = Math.min(this.#wanted, after);
      this.#running ??= this.#run().finally(() => {
        this.#running = undefined;
        this.#wanted = Infinity;
      });
      await this.#running;
    }
  }

  #isMissing(ring: Ring, after: number): boolean {
    const { mirror } = this.#parts;
    return mirror.ring === ring && after < ring.trimmed && after >= mirror.trimmed;
  }

  async #run(): Promise<void> {
    const { ring } = this.#parts.mirror;
    while (this.#isMissing(ring, this.#wanted)) {
      const redis = await this.#parts.whenUp();
      try {
        await this.#readPage(redis, ring);
      } catch (error) {
        // Redis' own refusal is told; a connection that was lost comes back.
        if (redis.lost === null) throw error;
      }
    }
  }

  async #readPage(redis: RedisSession, ring: Ring): Promise<void> {
    const { keys, mirror } = this.#parts;
    const start = ring.trimmed;
    const count = this.#count;
    const range = ["XREVRANGE", keys.log, `${start}-0`, "-", "COUNT", String(count)];
    const page = (await redis.send(range)) as RawEntry[];
    const { events, next, isBroken } = this.#follow(page, start);
    const isEnd = isBroken || page.length < count || next === start;
    // What is gone with its life was not trimmed: the reader will tell of a break.
    if (isEnd && !(await this.#isAlive(redis))) {
      await sleep(BREAK_PAUSE_MS, undefined, { ref: false });
      return;
    }
    if (mirror.ring !== ring || ring.trimmed !== start) return;
    ring.prepend(events.reverse(), next);
    if (isEnd) mirror.lose(next);
    const bytes = page.reduce((sum, [, fields]) => sum + sizeOf(fields), 0);
    if (page.length > 0) this.#count = countFor(bytes / page.length);
  }

  // Whether the life of the log that is read here has not ended.
  async #isAlive(redis: RedisSession): Promise<boolean> {
    const { keys, mirror } = this.#parts;
    const [epoch] = (await redis.send(["HMGET", keys.meta, "epoch"])) as Array<Buffer | null>;
    return String(epoch) === mirror.epoch;
  }

  // Each entry names the one before it: what is there but not named is not ours, and where the one that
  // is named is not there, the log ends.
  #follow(page: readonly RawEntry[], start: number): Stretch {
    const { mirror } = this.#parts;
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
}

interface Stretch {
  /** Newest first. */
  readonly events: TimedEntry[];
  /** Position of the entry that is to come next, downwards. */
  readonly next: number;
  /** Nothing comes next. */
  readonly isBroken: boolean;
}
