import { userKeyOf, type User } from "../user.js";
import type { EndReason } from "./connection.js";
import type { StreamConnection } from "./stream-connection.js";

/** A user and the number of its connections. */
export interface PresentUser {
  readonly user: User;
  /** 0 for one whose page was left a moment ago and may be on its way back. */
  readonly connections: number;
}

// A page that reloads is back within this time, also on a slow phone.
const GRACE_MS = 5_000;
// Who ended for one of these is not on the way back as the same user.
const FINAL: readonly EndReason[] = ["user", "stop", "done"];

interface Entry {
  readonly user: User;
  readonly connections: Set<StreamConnection>;
  leftAt: number;
}

/** Who is there, by user: tags that are equal are one user. */
export class Presence {
  readonly #entries = new Map<string, Entry>();
  #forgotAt = 0;

  add(connection: StreamConnection): void {
    const { user } = connection;
    const key = userKeyOf(user);
    if (user === undefined || key === undefined) return;
    const entry = this.#entries.get(key) ?? { user, connections: new Set(), leftAt: 0 };
    entry.connections.add(connection);
    this.#entries.set(key, entry);
  }

  delete(connection: StreamConnection, reason: EndReason): void {
    const key = userKeyOf(connection.user);
    const entry = key === undefined ? undefined : this.#entries.get(key);
    if (entry?.connections.delete(connection) !== true || entry.connections.size > 0) return;
    entry.leftAt = FINAL.includes(reason) ? 0 : Date.now();
    if (Date.now() - this.#forgotAt > GRACE_MS) this.#forget();
  }

  users(test: (user: User) => boolean): PresentUser[] {
    return [...this.#entries.values()]
      .filter((entry) => isPresent(entry) && test(entry.user))
      .map(({ user, connections }) => ({ user, connections: connections.size }));
  }

  // Those who did not come back. The map holds no more than who is there and who just left.
  #forget(): void {
    this.#forgotAt = Date.now();
    for (const [key, entry] of this.#entries) if (!isPresent(entry)) this.#entries.delete(key);
  }
}

function isPresent({ connections, leftAt }: Entry): boolean {
  return connections.size > 0 || Date.now() - leftAt < GRACE_MS;
}
