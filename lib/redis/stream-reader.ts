import type { Reading } from "../shared-log/engine.js";
import { ANSWER_MS } from "../shared-log/log-session.js";
import type { LogBeginning } from "../shared-log/log-state.js";
import { PageSize } from "../shared-log/page-size.js";
import type { RedisSession } from "./redis-session.js";
import { epochOf, sizeOf, toRead, type RawEntry } from "./entry.js";
import type { Keys } from "./keys.js";
import { unknownForm } from "./reply-form.js";
import { check, ensureEpoch, readBeginning } from "./log-epoch.js";

const BLOCK_MS = 1_000;

/** What a {@link StreamReader} is given, and what it calls. */
export interface StreamReaderParts extends Reading {
  readonly node: string;
  readonly keys: Keys;
}

/**
 * Reads new entries of the stream for the whole node, over a connection of its own. About once a second it checks that
 * the log still has the same epoch and head: an entry that was deleted before it was read never arrives.
 */
export class StreamReader {
  readonly #parts: StreamReaderParts;
  readonly #size = new PageSize();
  #checkedAt = 0;
  // Head of the log at the last check: every entry up to it must arrive.
  #expected = 0;

  constructor(parts: StreamReaderParts) {
    this.#parts = parts;
  }

  async serve(redis: RedisSession): Promise<never> {
    const { keys, mirror, node } = this.#parts;
    const state = await ensureEpoch(redis, keys, mirror.seen);
    const isAnother = state.epoch !== mirror.epoch || state.head < mirror.position;
    const beginning = isAnother ? await readBeginning(redis, keys) : null;
    // The node reports itself as alive only now: from then on it must read every question.
    await check(redis, keys, node);
    // Tries to read before it is up: the Redis user may have all rights but this one.
    await this.#read(redis, "COUNT", "1");
    this.#parts.up();
    if (beginning !== null) this.#start(beginning);
    for (;;) await this.#readOn(redis);
  }

  async #readOn(redis: RedisSession): Promise<void> {
    const { mirror } = this.#parts;
    const batch = await this.#readNext(redis);
    if (batch.length === 0 && !mirror.hasRead(this.#expected)) {
      await this.#begin(redis);
      return;
    }
    const isForeign = batch.some(([, fields]) => epochOf(fields) !== mirror.epoch);
    const isDue = batch.length === 0 || performance.now() - this.#checkedAt >= BLOCK_MS;
    // If the mirror has started again, the entries that were read after the old cursor are dropped.
    if ((isForeign || isDue) && !(await this.#check(redis))) return;
    if (!mirror.ingest(batch.map(toRead))) await this.#begin(redis);
    else if (mirror.hasRead(this.#expected)) this.#parts.onHead();
    this.#size.adapt(
      batch.length,
      batch.reduce((sum, [, fields]) => sum + sizeOf(fields), 0),
    );
  }

  #readNext(redis: RedisSession): Promise<readonly RawEntry[]> {
    // An entry that must exist arrives at once, or is gone.
    const blockMs = this.#parts.mirror.hasRead(this.#expected) ? BLOCK_MS : 1;
    return this.#read(redis, "COUNT", String(this.#size.count), "BLOCK", String(blockMs));
  }

  async #read(redis: RedisSession, ...how: readonly string[]): Promise<readonly RawEntry[]> {
    const { keys, mirror } = this.#parts;
    const command = ["XREAD", ...how, "STREAMS", keys.log, mirror.cursor ?? `${mirror.position}-0`];
    const reply = await redis.send(command, BLOCK_MS + ANSWER_MS);
    if (reply === null) return [];
    const [first] = (Array.isArray(reply) ? reply : []) as unknown[];
    const entries: unknown = Array.isArray(first) ? first[1] : undefined;
    if (!Array.isArray(entries)) throw unknownForm("XREAD");
    return entries as RawEntry[];
  }

  // Returns false if the mirror had to start again.
  async #check(redis: RedisSession): Promise<boolean> {
    const { keys, mirror, node } = this.#parts;
    this.#checkedAt = performance.now();
    const state = await check(redis, keys, node);
    if (state.epoch !== mirror.epoch || state.head < mirror.position) {
      await ensureEpoch(redis, keys, mirror.seen);
      await this.#begin(redis);
      return false;
    }
    mirror.update(state);
    this.#expected = state.head;
    return true;
  }

  async #begin(redis: RedisSession): Promise<void> {
    this.#start(await readBeginning(redis, this.#parts.keys));
  }

  #start(beginning: LogBeginning): void {
    if (beginning.state.epoch === "") throw new Error("The log has been deleted.");
    this.#expected = beginning.state.head;
    this.#parts.mirror.begin(beginning);
    if (this.#parts.mirror.hasRead(this.#expected)) this.#parts.onHead();
  }
}
