import type { RunHeader, RunSink } from "../../log/run-store.js";
import type { RawEntry } from "../entry.js";
import { FollowedRun, type ExpireRun } from "../../shared-log/followed-run.js";
import { ANSWER_MS } from "../../shared-log/log-session.js";
import type { RedisSession } from "../redis-session.js";
import { unknownForm } from "../reply-form.js";
import { readRunEntry } from "./run-entry.js";
import type { RunKeys } from "./run-keys.js";

const BLOCK_MS = 1_000;
const COUNT = "64";

/** What a {@link RunReader} is given. */
export interface RunReaderParts {
  readonly node: string;
  readonly keys: RunKeys;
  readonly expire: ExpireRun;
  /** Wakes a reader that waits, so that it reads another run too. */
  wake(): void;
}

/** Reads the records of all runs that are followed on this node, over one connection of its own. */
export class RunReader {
  readonly #parts: RunReaderParts;
  readonly #runs = new Map<string, FollowedRun>();
  #wakeCursor = "0-0";
  #isWaiting = false;
  #onWork: () => void = () => undefined;

  constructor(parts: RunReaderParts) {
    this.#parts = parts;
  }

  /** Passes a record to a sink, from the first event on. Returns a function that stops this. */
  follow(run: RunHeader, sink: RunSink): () => void {
    const key = this.#parts.keys.recordOf(run);
    const followed = new FollowedRun(run, sink, this.#parts.expire);
    this.#runs.set(key, followed);
    this.#onWork();
    if (this.#isWaiting) this.#parts.wake();
    return () => {
      followed.stop();
      if (this.#runs.get(key) === followed) this.#runs.delete(key);
    };
  }

  async serve(redis: RedisSession, up: () => void): Promise<never> {
    redis.onEnd(() => {
      this.#onWork();
    });
    up();
    for (;;) {
      if (redis.lost !== null) throw redis.lost;
      if (this.#runs.size === 0) await this.#work();
      else await this.#readOn(redis);
    }
  }

  #work(): Promise<void> {
    return new Promise((resolve) => {
      this.#onWork = resolve;
    });
  }

  async #readOn(redis: RedisSession): Promise<void> {
    this.#isWaiting = true;
    // A copy: until the answer arrives, a record may be followed again from its first event.
    const asked = new Map(this.#runs);
    const streams = await this.#read(redis, asked).finally(() => {
      this.#isWaiting = false;
    });
    for (const [key, entries] of streams) this.#ingest(asked, String(key), entries);
    for (const [key, run] of this.#runs) {
      if (run.hasEnded) this.#runs.delete(key);
      else run.look();
    }
  }

  async #read(
    redis: RedisSession,
    runs: ReadonlyMap<string, FollowedRun>,
  ): Promise<ReadonlyArray<readonly [Buffer, readonly RawEntry[]]>> {
    const keys = [this.#parts.keys.wakeOf(this.#parts.node), ...runs.keys()];
    const cursors = [
      this.#wakeCursor,
      ...[...runs.values()].map(({ position }) => `${position}-0`),
    ];
    const how = ["XREAD", "COUNT", COUNT, "BLOCK", String(BLOCK_MS), "STREAMS"];
    const reply = await redis.send([...how, ...keys, ...cursors], BLOCK_MS + ANSWER_MS);
    if (reply === null) return [];
    if (!Array.isArray(reply)) throw unknownForm("XREAD");
    return reply as Array<[Buffer, RawEntry[]]>;
  }

  #ingest(
    asked: ReadonlyMap<string, FollowedRun>,
    key: string,
    entries: readonly RawEntry[],
  ): void {
    const run = asked.get(key);
    if (run !== undefined) run.ingest(entries.map(readRunEntry));
    else if (key === this.#parts.keys.wakeOf(this.#parts.node)) {
      this.#wakeCursor = String(entries.at(-1)?.[0] ?? this.#wakeCursor);
    }
  }
}
