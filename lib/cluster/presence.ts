import { keptUserKeyOf, userKeyOf, type User } from "../user/user.js";
import type { EndReason } from "../connection/end-reason.js";
import type { PresentUser } from "./present-user.js";
import { reachOf, type Reach } from "./reach.js";
import type { StreamConnection } from "../connection/stream-connection.js";

/** A user in the answer of one node. */
export interface NodeUser extends PresentUser {
  /**
   * The sessions or credentials of pages that were closed a moment ago; `null` for a page that had neither. Left out
   * while connections are open.
   */
  readonly away?: ReadonlyArray<string | null>;
  /** When the first of its open connections was opened, in milliseconds since 1970; left out if none is open. */
  readonly since?: number;
}

/**
 * Who the sessions and credentials belong to that may have changed their user a moment ago: the key of the user, or `""`
 * for no user.
 */
export type SessionUsers = ReadonlyArray<readonly [session: string, user: string]>;

// A page that reloads reconnects within this time, also on a slow phone.
const GRACE_MS = 5_000;
// After one of these reasons, a page does not reconnect as the same user.
const FINAL: readonly EndReason[] = ["user", "stop", "done"];
// Enough to distinguish the sessions of a few seconds.
const KEY_LENGTH = 16;

type Test = (user: User) => boolean;

/** A {@link NodeUser} that is still counted. */
interface Present extends NodeUser {
  connections: number;
  since?: number;
}

/** Who a session or credential belongs to, and since when. */
interface Owner {
  readonly user: User | undefined;
  readonly at: number;
}

interface Leave {
  readonly user: User;
  readonly login: string | null;
  readonly isFinal: boolean;
  readonly at: number;
}

/**
 * The users that are connected to this node: users with equal data are one user. They are counted only when a node asks,
 * so that joins cost nothing, and leaves almost nothing.
 */
export class Presence {
  readonly #connections: Iterable<StreamConnection>;
  // The leaves of the last seconds, oldest first.
  #leaves: Leave[] = [];
  // The owners of logins with a connection that has ended and was opened in the last seconds, or has ended for good.
  readonly #owners = new Map<string, Owner>();
  #forgotAt = 0;

  /** @param connections the connections of this node */
  constructor(connections: Iterable<StreamConnection>) {
    this.#connections = connections;
  }

  onLeave(connection: StreamConnection, reason: EndReason): void {
    const { user, session } = connection;
    const login = loginOf(connection);
    this.#forget();
    note(this.#owners, login, { user, at: connection.openedAt });
    if (user === undefined) return;
    // After `hub.refresh()`, only a session can tell as which user the browser reconnects.
    const isFinal = FINAL.includes(reason) || (reason === "refresh" && session === null);
    if (isFinal) note(this.#owners, login, { user: undefined, at: Date.now() });
    this.#leaves.push({ user, login, isFinal, at: Date.now() });
  }

  /** All users, or those that pass the test, each once. */
  users(test: Test | null): NodeUser[] {
    const present = new Map<string, Present>();
    // The last leave of a user counts.
    for (const { user, login, isFinal, at } of this.#leaves) {
      if (!isRecent(at)) continue;
      const key = userKeyOf(user);
      if (isFinal) present.delete(key);
      else {
        const away = [...(present.get(key)?.away ?? []), login];
        present.set(key, { user, connections: 0, away });
      }
    }
    // There may be very many connections, so only one object is created for each user.
    for (const connection of this.#connections) {
      const { user, isOpened } = connection;
      if (user === undefined || !isOpened) continue;
      const key = keptUserKeyOf(user);
      const known = present.get(key);
      if (known?.since === undefined) {
        present.set(key, { user, connections: 1, since: connection.openedAt });
      } else {
        known.connections += 1;
        known.since = Math.min(known.since, connection.openedAt);
      }
    }
    const all = [...present.values()];
    return test === null ? all : all.filter(({ user }) => test(user));
  }

  /** See {@link SessionUsers}. */
  get sessionUsers(): SessionUsers {
    const owners = new Map([...this.#owners].filter(([, { at }]) => isRecent(at)));
    for (const connection of this.#connections) {
      const { user, isOpened, openedAt: at } = connection;
      if (isOpened && isRecent(at)) note(owners, loginOf(connection), { user, at });
    }
    return [...owners].map(([login, { user }]) => [
      login,
      user === undefined ? "" : shortKeyOf(user),
    ]);
  }

  /** The number of open connections, or of those whose user passes the test. */
  count(test: Test | null): number {
    let count = 0;
    for (const { user, isOpened } of this.#connections) {
      if (isOpened && (test === null || (user !== undefined && test(user)))) count += 1;
    }
    return count;
  }

  /** The connections that a broadcast with this test and these rooms would be delivered to. */
  reach(test: Test | null, rooms: readonly string[] | null): Reach {
    return reachOf(this.#connections, (connection) => {
      const { user, isOpened, isOwn } = connection;
      if (!isOpened || isOwn) return false;
      if (rooms !== null && !rooms.some((room) => connection.rooms.has(room))) return false;
      return test === null || (user !== undefined && test(user));
    });
  }

  // Runs only now and then, so that it costs almost nothing.
  #forget(): void {
    if (isRecent(this.#forgotAt)) return;
    this.#forgotAt = Date.now();
    this.#leaves = this.#leaves.filter(({ at }) => isRecent(at));
    for (const [login, { at }] of this.#owners) {
      if (!isRecent(at)) this.#owners.delete(login);
    }
  }
}

// Of several owners, the last one counts.
function note(owners: Map<string, Owner>, login: string | null, owner: Owner): void {
  if (login === null || !isRecent(owner.at)) return;
  const known = owners.get(login);
  if (known === undefined || known.at <= owner.at) owners.set(login, owner);
}

function isRecent(at: number): boolean {
  const age = Date.now() - at;
  // It is negative if the clock was set back.
  return age >= 0 && age < GRACE_MS;
}

/** Identifies a browser: by its session, or else by its credential. */
function loginOf({ session, credential }: StreamConnection): string | null {
  const key = session?.key ?? credential?.key;
  return key === undefined ? null : short(key);
}

/** The short key of a user, for {@link SessionUsers}. */
export function shortKeyOf(user: User): string {
  return short(userKeyOf(user));
}

function short(key: string): string {
  return key.slice(0, KEY_LENGTH);
}
