import type { NodeName } from "../cluster/node-name.js";
import type { NodeSample } from "../cluster/node-sample.js";
import type { PassSums } from "../delivery/pass-meter.js";
import type { HubHealth, HubStats } from "./hub.js";

/** The numbers of this node, for dashboards of all nodes. */
export function takeSample(
  { id, name }: NodeName,
  stats: HubStats,
  { status, lagMs, problem }: HubHealth,
  { passes, passMs, written, writeMs }: PassSums,
): NodeSample {
  return {
    id,
    name,
    at: Date.now(),
    connections: stats.connections,
    behind: stats.behind,
    published: stats.published,
    delivered: stats.delivered,
    replayed: stats.replayed,
    logEntries: stats.log.entries,
    logBytes: stats.log.bytes,
    running: stats.runs.running,
    lagMs,
    passes,
    passMs,
    written,
    writeMs,
    returns: stats.returns,
    sessionsEnded: stats.sessionsEnded,
    status,
    problem,
  };
}
