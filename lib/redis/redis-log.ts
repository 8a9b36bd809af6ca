import { createHmac, randomBytes } from "node:crypto";
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
import type { RingBounds } from "../log/ring.js";
import { Backfill } from "./backfill.js";
import { CatchUp } from "./catch-up.js";
import { Condition } from "./condition.js";
import { writeHead, type StreamEntry } from "./entry.js";
import { Feed } from "./feed.js";
import { keysOf, type Keys } from "./keys.js";
import { Link, type LinkHost } from "./link.js";
import { Questions } from "./questions.js";
import { Reader } from "./reader.js";
import { clientSource } from "./redis-client.js";
import {
  resolveRedisLogOptions,
  type RedisLogOptions,
  type RedisLogSettings,
} from "./redis-log-options.js";
import { Sender } from "./sender.js";
import { withTimer } from "./timer.js";

const LABEL = "express-sse-hub session";
// What is under way when the log is closed has so long to arrive.
const CLOSE_MS = 1_000;

/**
 * A log in Redis (6.2 or later), for an application of several nodes: give each the same options. Every
 * node delivers from the stream there, so that order and ids are the same on all. Connects in the
 * background: a Redis that is away never makes this call fail.
 *
 * Needs the package `redis` 5. Two connections are made, with the options of `client` if one is given.
 * A restarted or replaced Redis begins a new life of the log, since it may have lost entries that
 * browsers have seen: they are told `recovered: false` with reason `epoch`.
 *
 * A Redis user needs the keys `~{name}:*` and the commands `+eval +evalsha +xread +xrevrange +xrange
 * +xadd +xtrim +xinfo|stream +hmget +hset +hget +hdel +hlen +hstrlen +hincrby +get +set +rpush +lpop
 * +lindex +lrange +pexpire +unlink +zadd +zrem +zcard +zpopmin +zrange +zrangebyscore +zremrangebyscore
 * +time`; `+info` lets it tell a restarted server in every case.
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
  readonly #feed: Feed;
  readonly #condition: Condition;
  readonly #sender: Sender;
  readonly #backfill: Backfill;
  readonly #catchUp: CatchUp;
  readonly #questions: Questions;
  readonly #commands: Link;
  readonly #reading: Link;
  #closing: Promise<void> | undefined;

  /** @param kept what of the log this node holds */
  constructor(settings: RedisLogSettings, kept: RingBounds = settings) {
    this.sessionLabel = sessionLabelOf(settings);
    this.#keys = keysOf(settings.name);
    this.#feed = this.#createFeed(kept);
    this.#condition = new Condition(["commands", "reading"], (error) => {
      this.#feed.report(error);
    });
    this.#sender = this.#createSender(settings);
    const [keys, feed, node] = [this.#keys, this.#feed, this.#node];
    const whenUp = () => this.#commands.whenUp();
    this.#backfill = new Backfill({ feed, keys, whenUp });
    this.#catchUp = new CatchUp({ feed, key: keys.meta, whenUp });
    const { followers } = feed;
    this.#questions = new Questions({ node, keys, followers, sender: this.#sender, whenUp });
    const onHead = () => {
      this.#condition.onHead();
    };
    const reader = new Reader({ node, keys, feed, onHead });
    const createClient = clientSource(settings);
    this.#commands = this.#createLink("commands", createClient, this.#sender);
    this.#reading = this.#createLink("reading", createClient, reader);
  }

  get epoch(): string {
    return this.#feed.epoch;
  }

  get head(): number {
    return this.#feed.ring.head;
  }

  get trimmed(): number {
    return this.#feed.trimmed;
  }

  get stale(): number {
    return this.#feed.ring.stale;
  }

  get retained(): Iterable<LogEntry> {
    return this.#feed.retained;
  }

  get size(): { entries: number; bytes: number } {
    return this.#feed.ring.size;
  }

  get health(): LogHealth {
    return this.#condition.health;
  }

  append(draft: LogDraft): Promise<string> {
    const { frame, retainKey } = draft;
    const head = writeHead(draft);
    return this.#sender.add({ kind: "event", head, payload: frame, retainKey });
  }

  read(after: number, maxBytes: number): LogPage | Promise<LogPage> {
    const { ring, trimmed } = this.#feed;
    if (after >= ring.trimmed) return ring.read(after, maxBytes);
    if (after < trimmed) return { entries: [], isTrimmed: true };
    return this.#backfill.reach(after).then(() => this.#feed.ring.read(after, maxBytes));
  }

  catchUp(): Promise<void> {
    return this.#catchUp.reach();
  }

  async tell(notice: Notice): Promise<void> {
    const payload = Buffer.from(JSON.stringify(notice));
    await this.#sender.add({ kind: "notice", head: "", payload, retainKey: null });
  }

  ask(question: Notice): Promise<unknown[]> {
    return this.#questions.ask(question);
  }

  follow(follower: LogFollower): () => void {
    this.#feed.followers.add(follower);
    return () => {
      this.#feed.followers.delete(follower);
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#feed.followers.clear();
    // Where Redis is just being connected to, what waits goes out as well.
    if (this.#commands.isUp || !this.#sender.isIdle) {
      const leave = async () => {
        await this.#sender.whenIdle();
        const connection = await this.#commands.whenUp();
        await this.#reading.close();
        await connection.send(["ZREM", this.#keys.nodes, this.#node]);
      };
      await withTimer(leave(), CLOSE_MS, "Redis was away").catch(() => undefined);
    }
    this.#sender.close();
    await Promise.all([this.#reading.close(), this.#commands.close()]);
    this.#catchUp.close();
  }

  #createFeed(kept: RingBounds): Feed {
    return new Feed(kept, {
      node: this.#node,
      onOwn: (entry: StreamEntry) => {
        this.#sender.confirm(entry);
      },
      onQuestion: (question) => {
        this.#questions.answer(question);
      },
      onProgress: () => {
        this.#catchUp.onProgress();
      },
    });
  }

  #createSender(settings: RedisLogSettings): Sender {
    const feed = this.#feed;
    return new Sender({
      node: this.#node,
      keys: this.#keys,
      settings,
      seen: () => feed.seen,
      trouble: () => this.#commands.trouble,
      onLife: ({ epoch }) => {
        // The reader may be waiting behind a position that the new life has not reached yet.
        if (feed.epoch !== "" && feed.epoch !== epoch) this.#reading.renew("The log began anew.");
      },
      onTrimmed: (epoch, position) => {
        if (epoch === feed.epoch) feed.lose(position);
      },
    });
  }

  #createLink(
    part: string,
    createClient: LinkHost["createClient"],
    served: Pick<LinkHost, "serve">,
  ): Link {
    return new Link({
      createClient,
      serve: (connection, up) => served.serve(connection, up),
      onUp: () => {
        debug("redis %s: up", part);
        this.#condition.onUp(part);
      },
      onDown: (cause) => {
        // Not its message, which may name an address.
        debug("redis %s: down, %s", part, (cause as NodeJS.ErrnoException).code ?? cause.name);
        this.#condition.onDown(part, cause);
      },
    });
  }
}

function sessionLabelOf({ name, secret }: RedisLogSettings): string {
  const label = `${LABEL} ${name}`;
  return secret === null ? label : createHmac("sha256", secret).update(label).digest("base64url");
}
