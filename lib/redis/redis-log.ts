import { randomBytes } from "node:crypto";
import type {
  EventLog,
  LogDraft,
  LogEntry,
  LogFollower,
  LogHealth,
  LogPage,
  Notice,
} from "../log/event-log.js";
import { debug } from "../diagnostics/debug.js";
import { isForNobody } from "../log/retained.js";
import type { RingBounds } from "../log/ring.js";
import { Backfill } from "./backfill.js";
import { CatchUp } from "./catch-up.js";
import { HealthMonitor } from "./health-monitor.js";
import { writeHead, type StreamEntry } from "./entry.js";
import { StreamMirror } from "./stream-mirror.js";
import { keysOf, type Keys } from "./keys.js";
import { Reconnector, type ReconnectorParts } from "./reconnector.js";
import { Questions } from "./questions.js";
import { RedisRuns } from "./runs/redis-runs.js";
import type { ServerInfo } from "./server-info.js";
import { sessionLabelOf } from "./session-label.js";
import { StreamReader } from "./stream-reader.js";
import {
  resolveRedisLogOptions,
  type RedisLogOptions,
  type RedisLogSettings,
} from "./redis-log-options.js";
import { AppendQueue } from "./append-queue.js";
import { withTimer } from "./timer.js";

// What is under way when the log is closed has so long to arrive.
const CLOSE_MS = 1_000;

/**
 * A log in Redis (6.2 or later), for an application of several nodes: give each the same options. Every
 * node delivers from the stream there, so that order and ids are the same on all. Connects in the
 * background: a Redis that is away never makes this call fail.
 *
 * Needs the package `redis` or `ioredis`, 5 or 6. Two connections are made, with the options of `client` if one
 * is given: to the master of the log's slot in a cluster, and to the master that sentinels name, also after a
 * failover. A restarted or replaced Redis begins a new life of the log, since it may have lost entries that
 * browsers have seen: they are told `recovered: false` with reason `epoch`.
 *
 * `lib/redis/README.md` lists the rights that a Redis user needs.
 *
 * @example
 * const hub = createHub({ log: redisLog({ url: "redis://localhost:6379" }) });
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 */
export function redisLog(options: RedisLogOptions): EventLog {
  return new RedisLog(resolveRedisLogOptions(options));
}

/** The same for who publishes only: what it reads back is not kept. */
export function publishingLog(options: RedisLogOptions): EventLog {
  const settings = resolveRedisLogOptions(options);
  return new RedisLog(settings, { ...settings, maxEvents: 1 });
}

class RedisLog implements EventLog {
  readonly isShared = true;
  readonly sessionLabel: string;
  readonly #node = randomBytes(9).toString("base64url");
  readonly #keys: Keys;
  readonly #mirror: StreamMirror;
  readonly #health: HealthMonitor;
  readonly #appends: AppendQueue;
  readonly #backfill: Backfill;
  readonly #catchUp: CatchUp;
  readonly #questions: Questions;
  readonly runs: RedisRuns;
  readonly #commands: Reconnector;
  readonly #reading: Reconnector;
  #closing: Promise<void> | undefined;

  /** @param kept what of the log this node holds */
  constructor(settings: RedisLogSettings, kept: RingBounds = settings) {
    this.sessionLabel = sessionLabelOf(settings);
    this.#keys = keysOf(settings.name);
    this.#mirror = this.#createMirror(kept);
    this.#health = new HealthMonitor({
      needed: ["commands", "reading"],
      deadlineMs: settings.deadlineMs,
      report: (error) => {
        this.#mirror.report(error);
      },
    });
    this.#appends = this.#createAppendQueue(settings);
    const [keys, mirror, node] = [this.#keys, this.#mirror, this.#node];
    const whenUp = () => this.#commands.whenUp();
    this.#backfill = new Backfill({ mirror, keys, whenUp });
    this.#catchUp = new CatchUp({ mirror, key: keys.meta, whenUp });
    const { followers } = mirror;
    this.#questions = new Questions({ node, keys, followers, appends: this.#appends, whenUp });
    this.runs = this.#createRuns(settings);
    const onHead = () => {
      this.#health.onHead();
    };
    const reader = new StreamReader({ node, keys, mirror, onHead });
    const { createClient } = settings;
    this.#commands = this.#createReconnector("commands", createClient, this.#appends);
    this.#reading = this.#createReconnector("reading", createClient, reader);
  }

  get epoch(): string {
    return this.#mirror.epoch;
  }

  get head(): number {
    return this.#mirror.ring.head;
  }

  get trimmed(): number {
    return this.#mirror.trimmed;
  }

  get stale(): number {
    return this.#mirror.ring.stale;
  }

  get retained(): Iterable<LogEntry> {
    return this.#mirror.retained;
  }

  get size(): { entries: number; bytes: number } {
    return this.#mirror.ring.size;
  }

  get health(): LogHealth {
    return this.#health.health;
  }

  append(draft: LogDraft): Promise<string> {
    const { frame: payload, retainKey: key, retainMs } = draft;
    const maxAgeMs = isForNobody(draft.audience) ? null : (retainMs ?? 0);
    const retain = key === null ? null : { key, maxAgeMs };
    return this.#appends.add({ kind: "event", head: writeHead(draft), payload, retain });
  }

  read(after: number, maxBytes: number): LogPage | Promise<LogPage> {
    const { ring, trimmed } = this.#mirror;
    if (after >= ring.trimmed) return ring.read(after, maxBytes);
    if (after < trimmed) return { entries: [], isTrimmed: true };
    return this.#backfill.reach(after).then(() => this.#mirror.ring.read(after, maxBytes));
  }

  catchUp(): Promise<void> {
    return this.#catchUp.reach();
  }

  async tell(notice: Notice): Promise<void> {
    const payload = Buffer.from(JSON.stringify(notice));
    await this.#appends.add({ kind: "notice", head: "", payload, retain: null });
  }

  ask(question: Notice): Promise<unknown[]> {
    return this.#questions.ask(question);
  }

  follow(follower: LogFollower): () => void {
    this.#mirror.followers.add(follower);
    return () => {
      this.#mirror.followers.delete(follower);
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#mirror.followers.clear();
    // Where Redis is just being connected to, what waits goes out as well.
    if (this.#commands.isUp || !this.#appends.isIdle) {
      const leave = async () => {
        await this.#appends.whenIdle();
        const redis = await this.#commands.whenUp();
        await this.#reading.close();
        await redis.send(["ZREM", this.#keys.nodes, this.#node]);
      };
      await withTimer(leave(), CLOSE_MS, "Redis was away").catch(() => undefined);
    }
    this.#appends.close();
    this.#health.close();
    await Promise.all([this.#reading.close(), this.#commands.close(), this.runs.close()]);
    this.#catchUp.close();
  }

  #createMirror(kept: RingBounds): StreamMirror {
    return new StreamMirror(kept, {
      node: this.#node,
      onOwn: (entry: StreamEntry) => {
        this.#appends.confirm(entry);
      },
      onQuestion: (question) => {
        this.#questions.answer(question);
      },
      onProgress: () => {
        this.#catchUp.onProgress();
      },
    });
  }

  #createAppendQueue(settings: RedisLogSettings): AppendQueue {
    const mirror = this.#mirror;
    return new AppendQueue({
      node: this.#node,
      keys: this.#keys,
      settings,
      seen: () => mirror.seen,
      trouble: () => this.#commands.trouble,
      onRefusal: (cause) => {
        this.#health.onTrouble(cause);
      },
      onTaken: () => {
        this.#health.onTaken();
      },
      onEpoch: ({ epoch }) => {
        // The reader may be waiting behind a position that the new life has not reached yet.
        if (mirror.epoch !== "" && mirror.epoch !== epoch)
          this.#reading.renew("The log began anew.");
      },
      onTrimmed: (epoch, position) => {
        if (epoch === mirror.epoch) mirror.lose(position);
      },
    });
  }

  #createRuns({ name, deadlineMs, createClient }: RedisLogSettings): RedisRuns {
    return new RedisRuns({
      node: this.#node,
      name,
      deadlineMs,
      whenUp: () => this.#commands.whenUp(),
      connect: (reader) => this.#createReconnector("runs", createClient, reader),
    });
  }

  #createReconnector(
    part: string,
    createClient: ReconnectorParts["createClient"],
    served: Pick<ReconnectorParts, "serve">,
  ): Reconnector {
    return new Reconnector({
      createClient,
      key: this.#keys.meta,
      serve: (redis, up) => {
        const onInfo = (info: ServerInfo) => {
          this.#health.onInfo(redis.server, info);
        };
        // Where it is not told, the connection has ended, which is said elsewhere.
        redis.info().then(onInfo, () => undefined);
        return served.serve(redis, up);
      },
      onUp: () => {
        debug("redis %s: up", part);
        this.#health.onUp(part);
      },
      onDown: (cause) => {
        // Not its message, which may name an address.
        debug("redis %s: down, %s", part, (cause as NodeJS.ErrnoException).code ?? cause.name);
        this.#health.onDown(part, cause);
      },
    });
  }
}
