import type { AppendAnswer, Engine, Reading, RunsParts } from "../shared-log/engine.js";
import type { LogMirror } from "../shared-log/log-mirror.js";
import type { LogState, SeenEntry } from "../shared-log/log-state.js";
import { PageSize } from "../shared-log/page-size.js";
import type { OlderPage } from "../shared-log/backfill.js";
import type { PendingAppend } from "../shared-log/pending-append.js";
import { KEPT_MS, type AnswersSeen } from "../shared-log/answers.js";
import { DEAD_MS } from "../shared-log/questions.js";
import type { Trouble } from "../shared-log/trouble.js";
import { APPEND } from "./append-script.js";
import { keysOf, type Keys } from "./keys.js";
import { ensureEpoch } from "./log-epoch.js";
import { readOlder } from "./older-page.js";
import type { RedisLogSettings } from "./redis-log-options.js";
import { RedisSession, isNoScript } from "./redis-session.js";
import { leadsElsewhere } from "./refusal.js";
import { RedisRuns } from "./runs/redis-runs.js";
import { ANSWER, ANSWERS } from "./scripts.js";
import { mayEvict } from "./server-info.js";
import { StreamReader } from "./stream-reader.js";
import { evictionTrouble, troubleOf } from "./trouble.js";

/** A log in a stream of Redis. */
export class RedisEngine implements Engine<RedisSession> {
  readonly name = "Redis";
  readonly #settings: RedisLogSettings;
  readonly #node: string;
  readonly #keys: Keys;
  readonly #olderSize = new PageSize();

  constructor(settings: RedisLogSettings, node: string) {
    this.#settings = settings;
    this.#node = node;
    this.#keys = keysOf(settings.name);
  }

  open(): Promise<RedisSession> {
    return RedisSession.open(this.#settings.createClient, this.#keys.meta);
  }

  async warningOf(redis: RedisSession): Promise<Trouble | null> {
    const info = await redis.info();
    return mayEvict(info) ? evictionTrouble(redis.server, info.evictionPolicy ?? "") : null;
  }

  troubleOf(cause: unknown): Trouble {
    return troubleOf(cause);
  }

  ensureEpoch(redis: RedisSession, seen: SeenEntry | null): Promise<LogState> {
    return ensureEpoch(redis, this.#keys, seen);
  }

  append(
    redis: RedisSession,
    epoch: string,
    batch: readonly PendingAppend[],
  ): Promise<AppendAnswer[]> {
    return Promise.all(
      batch.map(async (pending, at) => {
        try {
          const after = batch[at - 1]?.sequence ?? 0;
          return toAnswer(epoch, await this.#append(redis, epoch, pending, after));
        } catch (cause) {
          return toRefusal(redis, cause);
        }
      }),
    );
  }

  read(redis: RedisSession, reading: Reading): Promise<never> {
    const parts = { ...reading, node: this.#node, keys: this.#keys };
    return new StreamReader(parts).serve(redis);
  }

  readOlder(redis: RedisSession, mirror: LogMirror, start: number): Promise<OlderPage | null> {
    return readOlder(redis, { keys: this.#keys, mirror, size: this.#olderSize }, start);
  }

  async headOf(redis: RedisSession): Promise<{ epoch: string; head: number } | null> {
    const reply = await redis.send(["HMGET", this.#keys.meta, "epoch", "head"]);
    const [epoch, head] = reply as Array<Buffer | null>;
    return epoch == null || head == null ? null : { epoch: String(epoch), head: Number(head) };
  }

  reply(redis: RedisSession, question: string, text: string): Promise<unknown> {
    return redis.run(ANSWER, [this.#keys.repliesTo(question)], [text, String(KEPT_MS)]);
  }

  async look(redis: RedisSession, question: string, known: number): Promise<AnswersSeen> {
    const keys = [this.#keys.nodes, this.#keys.repliesTo(question)];
    const reply = await redis.run(ANSWERS, keys, [String(known), String(DEAD_MS)]);
    const [nodes, replies] = reply as [Buffer[], Buffer[]];
    return { alive: nodes.map(String), replies };
  }

  leave(redis: RedisSession): Promise<unknown> {
    return redis.send(["ZREM", this.#keys.nodes, this.#node]);
  }

  createRuns(parts: RunsParts<RedisSession>): RedisRuns {
    return new RedisRuns(this.#settings.name, parts);
  }

  #append(
    redis: RedisSession,
    epoch: string,
    { sequence, draft }: PendingAppend,
    after: number,
  ): Promise<unknown> {
    const { maxEvents, maxBytes, maxAgeMs } = this.#settings;
    const { log, meta, marks, kept, order } = this.#keys;
    const { kind, head, payload, retain } = draft;
    const names = [log, meta, marks, this.#keys.seenOf(this.#node), kept, order];
    const keep = retain === null ? "" : `${retain.keepMs === 0 ? "-" : "="}${retain.key}`;
    const keepMs = String(retain?.keepMs ?? 0);
    const bounds = [maxEvents, maxBytes, maxAgeMs ?? 0].map(String);
    const by = [epoch, this.#node, String(sequence), String(after)];
    return redis.runOnce(APPEND, names, [...by, kind, head, payload, keep, ...bounds, keepMs]);
  }
}

function toAnswer(epoch: string, answer: unknown): AppendAnswer {
  const [what, position, trimmed] = answer as [Buffer, number, number];
  if (String(what) === "in") return { kind: "in", epoch, position, trimmed };
  return { kind: String(what) === "epoch" ? "epoch" : "behind" };
}

function toRefusal(redis: RedisSession, cause: unknown): AppendAnswer {
  if (redis.lost === null && isNoScript(cause)) return { kind: "again" };
  return { kind: "refused", cause, isElsewhere: leadsElsewhere(cause) };
}
