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
 * A log in PostgreSQL (13 or later) for an application of one or several nodes: give each node the same options. Every
 * node delivers from the tables in PostgreSQL, so that order and ids are the same on all nodes, and an event may be
 * part of a transaction: `hub.within(client).broadcast(…)`. The log connects in the background: this call does not
 * fail if the database cannot be reached.
 *
 * Needs the package `pg` 8, and the tables that `migrate()` creates. Each node opens two connections, and a third one
 * when it follows runs.
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

/** The same log for a process that only publishes: it keeps no copy of the entries. */
export function publishingLog(options: PostgresLogOptions): EventLog {
  const settings = resolvePostgresLogOptions(options);
  return createLog(settings, { ...settings, maxEvents: 1 });
}

/** The same log for a process that only reads. It never trims the log: that is left to the nodes and their bounds. */
export function watchingLog(options: PostgresLogOptions): EventLog {
  const kept = resolvePostgresLogOptions(options);
  const [maxEvents, maxBytes] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  return createLog({ ...kept, maxEvents, maxBytes, maxAgeMs: null }, kept);
}

/** @param kept how much of the log this node holds */
function createLog(settings: PostgresLogSettings, kept: RingBounds): EventLog {
  const node = createNodeName();
  return new SharedLog(new PostgresEngine(settings, node), node, { ...settings, kept });
}
