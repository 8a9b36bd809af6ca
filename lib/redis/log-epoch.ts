import { randomBytes } from "node:crypto";
import { unknownForm } from "./reply-form.js";
import { ServerError } from "../shared-log/server-error.js";
import type { KeptEntry, LogBeginning, LogState, SeenEntry } from "../shared-log/log-state.js";
import { isTooOld } from "./server-info.js";
import type { RedisSession } from "./redis-session.js";
import { readRetained } from "./entry.js";
import type { Keys } from "./keys.js";
import { BEGIN, CHECK, ENSURE_EPOCH } from "./scripts.js";

/**
 * Called first on a connection, and again when the epoch of the log has ended. Begins a new epoch if this Redis is not
 * the one that holds the log, or if it has lost newest entries that nodes may have read. So the same id never names
 * two entries.
 */
export async function ensureEpoch(
  redis: RedisSession,
  keys: Keys,
  seen: SeenEntry | null,
): Promise<LogState> {
  const info = await redis.info();
  if (isTooOld(info)) throw new ServerError(redis.server, new Error(`VERSION ${info.version}`));
  const candidate = randomBytes(6).toString("base64url");
  const { epoch, position, node, sequence } = seen ?? NOTHING_SEEN;
  const reply = await redis.run(
    ENSURE_EPOCH,
    [keys.log, keys.meta, keys.marks, keys.kept, keys.order],
    [info.runId, candidate, epoch, String(position), node, String(sequence)],
  );
  return toState(reply);
}

/** Reads the state of the log, and reports that the node is alive. */
export async function check(redis: RedisSession, keys: Keys, node: string): Promise<LogState> {
  return toState(await redis.run(CHECK, [keys.log, keys.meta, keys.nodes], [node]));
}

/** Reads the state and the retained events with which a node begins to read at the head. */
export async function readBeginning(redis: RedisSession, keys: Keys): Promise<LogBeginning> {
  const reply = await redis.run(BEGIN, [keys.log, keys.meta, keys.kept, keys.order], []);
  const [first, pairs] = reply as [unknown, Buffer[]];
  const state = toState(first);
  const retained: Array<[string, KeptEntry]> = [];
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const kept = readRetained(pairs[at + 1] as Buffer, state.epoch);
    if (kept !== null) retained.push([String(pairs[at]), kept]);
  }
  return { state, retained };
}

const NOTHING_SEEN = { epoch: "", position: 0, node: "", sequence: 0 };

function toState(reply: unknown): LogState {
  if (!Array.isArray(reply) || reply.length !== 5) throw unknownForm("a script");
  const [epoch, head, event, trimmed, time] = reply as [Buffer, number, number, number, number];
  return { epoch: String(epoch), head, event, trimmed, time };
}
