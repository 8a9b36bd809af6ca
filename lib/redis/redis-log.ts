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
 * A log in Redis (6.2 or later) for an application of several nodes: give each node the same options. Every node
 * delivers from the stream in Redis, so that order and ids are the same on all nodes. The log connects in the
 * background: this call does not fail if Redis cannot be reached.
 *
 * Needs the package `redis` or `ioredis`, 5 or 6. The log opens two connections, with the options of `client` if you
 * give one. In a cluster they lead to the master of the log's slot, with Sentinel to the current master, also after a
 * failover. A Redis that was restarted or replaced may have lost entries that browsers have received, so it begins a
 * new epoch: browsers receive `recovered: false` with reason `epoch`.
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

/** The same log for a process that only publishes: it keeps no copy of the entries. */
export function publishingLog(options: RedisLogOptions): EventLog {
  const settings = resolveRedisLogOptions(options);
  return createLog(settings, { ...settings, maxEvents: 1 });
}

/** @param kept how much of the log this node holds */
function createLog(settings: RedisLogSettings, kept: RingBounds): EventLog {
  const node = createNodeName();
  return new SharedLog(new RedisEngine(settings, node), node, { ...settings, kept });
}
