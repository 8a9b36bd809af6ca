import type { StreamConnection } from "../connection/stream-connection.js";
import { keptUserKeyOf } from "../user/user.js";
import type { PresentUser } from "./presence.js";

/** The connections and users that a broadcast would be delivered to now. */
export interface Reach {
  /** Number of connections, including those without a user. */
  readonly connections: number;
  /** The users of these connections, each once. */
  readonly users: readonly PresentUser[];
}

/** Counts the connections of one node that a broadcast would be delivered to. */
export function reachOf(
  connections: Iterable<StreamConnection>,
  isMeant: (connection: StreamConnection) => boolean,
): Reach {
  let count = 0;
  const users: PresentUser[] = [];
  for (const connection of connections) {
    if (!isMeant(connection)) continue;
    count += 1;
    if (connection.user !== undefined) users.push({ user: connection.user, connections: 1 });
  }
  return { connections: count, users: eachOnce(users) };
}

/**
 * Merges the answers of all nodes. A process that only publishes, or a node of another version, may have answered
 * something else.
 */
export function mergeReach(answers: readonly unknown[]): Reach {
  const known = answers.filter(isReach);
  return {
    connections: known.reduce((sum, { connections }) => sum + connections, 0),
    users: eachOnce(known.flatMap(({ users }) => users)),
  };
}

function eachOnce(all: readonly PresentUser[]): PresentUser[] {
  const merged = new Map<string, PresentUser>();
  for (const { user, connections } of all) {
    const key = keptUserKeyOf(user);
    merged.set(key, { user, connections: (merged.get(key)?.connections ?? 0) + connections });
  }
  return [...merged.values()];
}

function isReach(value: unknown): value is Reach {
  if (typeof value !== "object" || value === null) return false;
  const { connections, users } = value as Partial<Reach>;
  return typeof connections === "number" && Array.isArray(users);
}
