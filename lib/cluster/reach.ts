import type { StreamConnection } from "../connection/stream-connection.js";
import { keptUserKeyOf } from "../user/user.js";
import type { PresentUser } from "./presence.js";

/** Whom a broadcast would be delivered to at this moment. */
export interface Reach {
  /** Connections without a user included. */
  readonly connections: number;
  /** The users among them, each once. */
  readonly users: readonly PresentUser[];
}

/** Counts the connections that are meant, on one node. */
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

/** Makes one of the answers of all nodes. One that only publishes, or of another version, has answered nothing. */
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
