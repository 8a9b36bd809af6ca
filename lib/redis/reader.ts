import { ANSWER_MS, type Connection } from "./connection.js";
import { epochOf, type RawEntry } from "./entry.js";
import type { Feed } from "./feed.js";
import type { Keys } from "./keys.js";
import { check, greet, readBeginning, type LogBeginning } from "./life.js";

const BLOCK_MS = 1_000;
const MAX_COUNT = 512;
const PAGE_BYTES = 1_048_576;

/** Whom the reader tells. */
export interface ReaderHost {
  readonly node: string;
  readonly keys: Keys;
  readonly feed: Feed;
  /** All that is in the log has been read. */
  onHead(): void;
}

/**
 * Reads on at the head of the stream, on a connection of its own, for the whole node. Now and then it
 * asks whether the log is still the one it knows: an entry that was deleted unread never arrives.
 */
export class Reader {
  readonly #host: ReaderHost;
  #count = 64;
  #checkedAt = 0;
  // Head of the log when it was last asked for: what is read up to there must come.
  #expected = 0;

  constructor(host: ReaderHost) {
    this.#host = host;
  }

  async serve(connection: Connection, up: () => void): Promise<never> {
    const { keys, feed, node } = this.#host;
    const state = await greet(connection, keys, feed.seen);
    const isAnother = state.epoch !== feed.epoch || state.head < feed.position;
    const beginning = isAnother ? await readBeginning(connection, keys) : null;
    // A sign of life only now: whoever gives one is expected to read all questions asked after it.
    await check(connection, keys, node);
    up();
    if (beginning !== null) this.#start(beginning);
    for (;;) await this.#readOn(connection);
  }

  async #readOn(connection: Connection): Promise<void> {
    const { feed } = this.#host;
    const batch = await this.#read(connection);
    if (batch.length === 0 && !feed.hasRead(this.#expected)) {
      await this.#begin(connection);
      return;
    }
    const isForeign = batch.some(([, fields]) => epochOf(fields) !== feed.epoch);
    const isDue = batch.length === 0 || performance.now() - this.#checkedAt >= BLOCK_MS;
    // What was read behind the old cursor is nothing to a feed that has begun anew.
    if ((isForeign || isDue) && !(await this.#check(connection))) return;
    if (!feed.ingest(batch)) await this.#begin(connection);
    else if (feed.hasRead(this.#expected)) this.#host.onHead();
    this.#adapt(batch);
  }

  async #read(connection: Connection): Promise<readonly RawEntry[]> {
    const { keys, feed } = this.#host;
    // What is known to be there comes at once, or it is gone.
    const blockMs = feed.hasRead(this.#expected) ? BLOCK_MS : 1;
    const [count, block] = [String(this.#count), String(blockMs)];
    const reply = await connection.send(
      ["XREAD", "COUNT", count, "BLOCK", block, "STREAMS", keys.log, feed.cursor],
      blockMs + ANSWER_MS,
    );
    const [[, entries] = [undefined, []]] = (reply ?? []) as Array<[unknown, RawEntry[]]>;
    return entries;
  }

  // Gives false where the feed had to begin anew.
  async #check(connection: Connection): Promise<boolean> {
    const { keys, feed, node } = this.#host;
    this.#checkedAt = performance.now();
    const state = await check(connection, keys, node);
    if (state.epoch !== feed.epoch || state.head < feed.position) {
      await greet(connection, keys, feed.seen);
      await this.#begin(connection);
      return false;
    }
    feed.update(state);
    this.#expected = state.head;
    return true;
  }

  async #begin(connection: Connection): Promise<void> {
    this.#start(await readBeginning(connection, this.#host.keys));
  }

  #start(beginning: LogBeginning): void {
    if (beginning.state.epoch === "") throw new Error("The log has been deleted.");
    this.#expected = beginning.state.head;
    this.#host.feed.begin(beginning);
    if (this.#host.feed.hasRead(this.#expected)) this.#host.onHead();
  }

  // What the next page will hold is not known; it is taken to be like this one.
  #adapt(batch: readonly RawEntry[]): void {
    if (batch.length === 0) return;
    const bytes = batch.reduce((sum, [, fields]) => sum + sizeOf(fields), 0);
    this.#count = countFor(bytes / batch.length);
  }
}

/** How many entries of a size make a page. */
export function countFor(bytes: number): number {
  return Math.max(1, Math.min(MAX_COUNT, Math.floor(PAGE_BYTES / Math.max(1, bytes))));
}

export function sizeOf(fields: readonly Buffer[] | null): number {
  return (fields ?? []).reduce((sum, field) => sum + field.length, 0);
}
