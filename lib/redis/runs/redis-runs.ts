import { setTimeout as sleep } from "node:timers/promises";
import { createDetachedScope } from "../../async/detached-scope.js";
import type { RunHeader, RunSink, RunVerdict, RunWrite, StoredRun } from "../../log/run-store.js";
import type { RunsParts, ServerRuns } from "../../shared-log/engine.js";
import { ServerError } from "../../shared-log/server-error.js";
import { withTimer } from "../../shared-log/timer.js";
import type { RedisSession } from "../redis-session.js";
import { isPassing, leadsElsewhere } from "../refusal.js";
import type { Script } from "../script.js";
import { readRun, RUN_FIELDS } from "./run-entry.js";
import { runKeysOf, type RunKeys } from "./run-keys.js";
import { RunReader } from "./run-reader.js";
import { BEGIN_RUN, LOSE_RUN, WRITE_RUN } from "./run-scripts.js";

const PASSING_MS = 100;
const WAKE_KEPT_MS = "60000";

/** The records of runs in Redis: a stream and a hash for each, with an expiry. */
export class RedisRuns implements ServerRuns {
  readonly #parts: RunsParts<RedisSession>;
  readonly #keys: RunKeys;
  readonly #reader: RunReader;
  readonly #runDetached = createDetachedScope();
  #reading: ReturnType<RunsParts<RedisSession>["connect"]> | undefined;
  #isWaking = false;

  /** @param name the name of the log */
  constructor(name: string, parts: RunsParts<RedisSession>) {
    this.#parts = parts;
    this.#keys = runKeysOf(name);
    this.#reader = new RunReader({
      node: parts.node,
      keys: this.#keys,
      expire: (run) => this.#lose(run, "expired"),
      wake: () => {
        this.#wake();
      },
    });
  }

  async begin(run: RunHeader): Promise<boolean> {
    const { id, token, since, leaseMs, keepMs } = run;
    const numbers = [since, leaseMs, keepMs].map(String);
    const args = [id, token, JSON.stringify(run.for), ...numbers];
    return (await this.#inTime(() => this.#run(BEGIN_RUN, run, args))) === 1;
  }

  async write(run: RunHeader, { after, frames, end }: RunWrite): Promise<RunVerdict> {
    const payload = Buffer.concat(frames);
    const lengths = frames.map(({ length }) => length).join(",");
    const numbers = [after, frames.length, payload.length].map(String);
    const args = [run.token, ...numbers, end ?? "", lengths, payload];
    return String(await this.#run(WRITE_RUN, run, args)) as RunVerdict;
  }

  async lose(run: RunHeader, when: "expired" | "now"): Promise<RunVerdict> {
    return (await this.#lose(run, when)).verdict;
  }

  find(id: string): Promise<StoredRun | null> {
    return this.#inTime(() => this.#find(id));
  }

  list(): Promise<StoredRun[]> {
    return this.#inTime(async () => {
      const ids = (await this.#send(["ZRANGE", this.#keys.index, "0", "-1"])) as Buffer[];
      const runs = await Promise.all(ids.map((id) => this.#find(String(id))));
      const known = runs.filter((run) => run !== null).toSorted((a, b) => a.since - b.since);
      return Promise.all(known.map((run) => this.#judge(run)));
    });
  }

  follow(run: RunHeader, sink: RunSink): () => void {
    // Detached: one connection reads for all followers, not only for the request that comes first.
    this.#runDetached(() => {
      this.#reading ??= this.#parts.connect(this.#reader);
    });
    return this.#reader.follow(run, sink);
  }

  async close(): Promise<void> {
    await this.#reading?.close();
  }

  async #find(id: string): Promise<StoredRun | null> {
    const values = await this.#send(["HMGET", this.#keys.metaOf(id), ...RUN_FIELDS]);
    return readRun(values as unknown[]);
  }

  // Checks whether the producer is alive: no follower may have done that.
  async #judge(run: StoredRun): Promise<StoredRun> {
    if (run.state !== "running") return run;
    const verdict = await this.lose(run, "expired");
    return verdict === "lost" ? { ...run, state: verdict } : run;
  }

  async #lose(
    run: RunHeader,
    when: "expired" | "now",
  ): Promise<{ readonly verdict: RunVerdict; readonly restMs: number }> {
    const reply = await this.#inTime(() => this.#run(LOSE_RUN, run, [run.token, when]));
    const [verdict, restMs] = reply as [Buffer, number];
    return { verdict: String(verdict) as RunVerdict, restMs };
  }

  #run(script: Script, run: RunHeader, args: ReadonlyArray<string | Buffer>): Promise<unknown> {
    const keys = [this.#keys.metaOf(run.id), this.#keys.recordOf(run), this.#keys.index];
    return this.#repeat((redis) => redis.run(script, keys, args));
  }

  #send(args: readonly string[]): Promise<unknown> {
    return this.#repeat((redis) => redis.send(args));
  }

  // Every command that is sent here may be repeated.
  async #repeat(ask: (redis: RedisSession) => Promise<unknown>): Promise<unknown> {
    for (;;) {
      const redis = await this.#parts.whenUp();
      try {
        return await ask(redis);
      } catch (error) {
        if (redis.lost !== null) continue;
        if (leadsElsewhere(error)) redis.end(error as Error);
        else if (isPassing(error)) await sleep(PASSING_MS, undefined, { ref: false });
        else throw new ServerError(redis.server, error);
      }
    }
  }

  #inTime<T>(ask: () => Promise<T>): Promise<T> {
    return withTimer(ask(), this.#parts.deadlineMs, "Redis could not be reached");
  }

  // Wakes the reader once for all runs that begin to be followed in one turn.
  #wake(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    setImmediate(() => {
      this.#isWaking = false;
      const key = this.#keys.wakeOf(this.#parts.node);
      const told = this.#send(["XADD", key, "MAXLEN", "1", "*", "w", "1"]);
      // If this fails, the reader checks by itself within a second.
      told.then(() => this.#send(["PEXPIRE", key, WAKE_KEPT_MS])).catch(() => undefined);
    });
  }
}
