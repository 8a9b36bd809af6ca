import type { StreamConnection } from "../connection/stream-connection.js";
import { keptUserKeyOf, type User } from "../user/user.js";
import type { PresentUser } from "./present-user.js";

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
  const users = new Users();
  for (const connection of connections) {
    if (!isMeant(connection)) continue;
    count += 1;
    if (connection.user !== undefined) users.add(connection.user, 1);
  }
  return { connections: count, users: users.all };
}

/**
 * Merges the answers of all nodes. A process that only publishes, or a node of another version, may have answered
 * something else.
 */
export function mergeReach(answers: readonly unknown[]): Reach {
  const known = answers.filter(isReach);
  const [only, ...more] = known;
  if (only !== undefined && more.length === 0) return only;
  const users = new Users();
  for (const reach of known) {
    for (const { user, connections } of reach.users) users.add(user, connections);
  }
  return {
    connections: known.reduce((sum, { connections }) => sum + connections, 0),
    users: users.all,
  };
}

/** Collects users, each once, with the number of their connections. There may be very many. */
class Users {
  readonly #counts = new Map<string, { readonly user: User; connections: number }>();

  add(user: User, connections: number): void {
    const key = keptUserKeyOf(user);
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { user, connections });
    else known.connections += connections;
  }

  get all(): PresentUser[] {
    return [...this.#counts.values()];
  }
}

function isReach(value: unknown): value is Reach {
  if (typeof value !== "object" || value === null) return false;
  const { connections, users } = value as Partial<Reach>;
  return typeof connections === "number" && Array.isArray(users);
}
