import type { EventLog } from "../log/event-log.js";
import type { RingBounds } from "../log/ring.js";
import { SharedLog, createNodeName } from "../shared-log/shared-log.js";
import { RedisEngine } from "./redis-engine.js";
import {
  resolveRedisLogOptions,
  type RedisLogOptions,
  type RedisLogSettings,
} from "./redis-log-options.js";

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
  const settings = resolveRedisLogOptions(options);
  return createLog(settings, settings);
}

/** The same for who publishes only: what it reads back is not kept. */
export function publishingLog(options: RedisLogOptions): EventLog {
  const settings = resolveRedisLogOptions(options);
  return createLog(settings, { ...settings, maxEvents: 1 });
}

/** @param kept what of the log this node holds */
function createLog(settings: RedisLogSettings, kept: RingBounds): EventLog {
  const node = createNodeName();
  return new SharedLog(new RedisEngine(settings, node), node, { ...settings, kept });
}
