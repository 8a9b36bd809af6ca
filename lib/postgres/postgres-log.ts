import type { EventLog } from "../log/event-log.js";
import type { RingBounds } from "../log/ring.js";
import { SharedLog, createNodeName } from "../shared-log/shared-log.js";
import { PostgresEngine } from "./postgres-engine.js";
import {
  resolvePostgresLogOptions,
  type PostgresLogOptions,
  type PostgresLogSettings,
} from "./postgres-log-options.js";

/**
 * A log in PostgreSQL (13 or later), for an application of one or several nodes: give each the same
 * options. Every node delivers from the tables there, so that order and ids are the same on all, and an
 * event may be part of a transaction: `hub.within(client).broadcast(…)`. Connects in the background: a
 * database that is away never makes this call fail.
 *
 * Needs the package `pg` 8, and tables that `migrate()` makes. Two connections are made for each node, and
 * a third one where runs are followed.
 *
 * `lib/postgres/README.md` lists the rights that a role needs.
 *
 * @example
 * await migrate({ pool });
 * const hub = createHub({ log: postgresLog({ pool }) });
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 */
export function postgresLog(options: PostgresLogOptions): EventLog {
  const settings = resolvePostgresLogOptions(options);
  return createLog(settings, settings);
}

/** The same for who publishes only: what it reads back is not kept. */
export function publishingLog(options: PostgresLogOptions): EventLog {
  const settings = resolvePostgresLogOptions(options);
  return createLog(settings, { ...settings, maxEvents: 1 });
}

/** The same for who only reads along: how much is kept is for the nodes to say, so it lets nothing go. */
export function watchingLog(options: PostgresLogOptions): EventLog {
  const kept = resolvePostgresLogOptions(options);
  const [maxEvents, maxBytes] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  return createLog({ ...kept, maxEvents, maxBytes, maxAgeMs: null }, kept);
}

/** @param kept what of the log this node holds */
function createLog(settings: PostgresLogSettings, kept: RingBounds): EventLog {
  const node = createNodeName();
  return new SharedLog(new PostgresEngine(settings, node), node, { ...settings, kept });
}
