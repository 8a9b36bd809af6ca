import { keptUserKeyOf, userKeyOf, type User } from "../user/user.js";
import type { EndReason } from "../connection/end-reason.js";
import { reachOf, type Reach } from "./reach.js";
import type { StreamConnection } from "../connection/stream-connection.js";

/** A user and the number of its connections. */
export interface PresentUser {
  readonly user: User;
  /** 0 for one whose page was left a moment ago and may be on its way back. */
  readonly connections: number;
}

/** The same as one node knows it. */
export interface NodeUser extends PresentUser {
  /** Sessions or credentials whose page was left a moment ago; `null` for what had neither. Left out where connections are open. */
  readonly away?: ReadonlyArray<string | null>;
  /** When the first of its open connections was opened, in milliseconds since 1970; left out where none is open. */
  readonly since?: number;
}

/** Whose a session is since a moment ago: the key of its user, or `""` for nobody's. */
export type SessionUsers = ReadonlyArray<readonly [session: string, user: string]>;

// A page that reloads is back within this time, also on a slow phone.
const GRACE_MS = 5_000;
// Who ended for one of these is not on the way back as the same user.
const FINAL: readonly EndReason[] = ["user", "stop", "done"];
// Enough to tell the sessions of a few seconds apart.
const KEY_LENGTH = 16;

type Test = (user: User) => boolean;

interface Leave {
  readonly user: User;
  readonly login: string | null;
  readonly isFinal: boolean;
  readonly at: number;
}

/**
 * Who is there, by user: tags that are equal are one user. It is counted when somebody asks, so that
 * coming and going cost next to nothing.
 */
export class Presence {
  readonly #connections: Iterable<StreamConnection>;
  // Of the last moments, oldest first.
  #leaves: Leave[] = [];
  readonly #changes = new Map<string, { readonly user: string; readonly at: number }>();
  #forgotAt = 0;

  /** @param connections those of this node */
  constructor(connections: Iterable<StreamConnection>) {
    this.#connections = connections;
  }

  onJoin(connection: StreamConnection): void {
    const { user } = connection;
    this.#forget();
    this.#note(loginOf(connection), user === undefined ? "" : shortKeyOf(user));
  }

  onLeave(connection: StreamConnection, reason: EndReason): void {
    const { user, session } = connection;
    if (user === undefined) return;
    this.#forget();
    const login = loginOf(connection);
    // Nothing tells as whom the browser returns that was told to ask again, unless a session does.
    const isFinal = FINAL.includes(reason) || (reason === "refresh" && session === null);
    if (isFinal) this.#note(login, "");
    this.#leaves.push({ user, login, isFinal, at: Date.now() });
  }

  /** Each user once, or those that pass the test. */
  users(test: Test | null): NodeUser[] {
    const present = new Map<string, NodeUser>();
    // The last leave of a user decides.
    for (const { user, login, isFinal } of this.#recent(Date.now())) {
      const key = userKeyOf(user);
      if (isFinal) present.delete(key);
      else {
        const away = [...(present.get(key)?.away ?? []), login];
        present.set(key, { user, connections: 0, away });
      }
    }
    // There may be very many: nothing is made but one object for each user.
    const open = new Map<string, { user: User; connections: number; since: number }>();
    for (const connection of this.#connections) {
      const { user, isOpened } = connection;
      if (user === undefined || !isOpened) continue;
      const key = keptUserKeyOf(user);
      const known = open.get(key);
      if (known !== undefined) {
        known.connections += 1;
        known.since = Math.min(known.since, connection.openedAt);
        continue;
      }
      const fresh = { user, connections: 1, since: connection.openedAt };
      open.set(key, fresh);
      present.set(key, fresh);
    }
    const all = [...present.values()];
    return test === null ? all : all.filter(({ user }) => test(user));
  }

  /** Whose sessions are since a moment ago. */
  get sessionUsers(): SessionUsers {
    const now = Date.now();
    return [...this.#changes]
      .filter(([, { at }]) => now - at < GRACE_MS)
      .map(([session, { user }]) => [session, user]);
  }

  /** The number of open connections, or of those whose user passes the test. */
  count(test: Test | null): number {
    let count = 0;
    for (const { user, isOpened } of this.#connections) {
      if (isOpened && (test === null || (user !== undefined && test(user)))) count += 1;
    }
    return count;
  }

  /** What a broadcast with that test and to these rooms would be delivered to. */
  reach(test: Test | null, rooms: readonly string[] | null): Reach {
    return reachOf(this.#connections, (connection) => {
      const { user, isOpened, isOwn } = connection;
      if (!isOpened || isOwn) return false;
      if (rooms !== null && !rooms.some((room) => connection.rooms.has(room))) return false;
      return test === null || (user !== undefined && test(user));
    });
  }

  #note(login: string | null, user: string): void {
    if (login !== null) this.#changes.set(login, { user, at: Date.now() });
  }

  // Now and then, so that it costs next to nothing.
  #forget(): void {
    const now = Date.now();
    if (now - this.#forgotAt <= GRACE_MS) return;
    this.#forgotAt = now;
    this.#leaves = this.#recent(now);
    for (const [session, { at }] of this.#changes) {
      if (now - at >= GRACE_MS) this.#changes.delete(session);
    }
  }

  #recent(now: number): Leave[] {
    return this.#leaves.filter(({ at }) => now - at < GRACE_MS);
  }
}

/** By what a browser is known again: its session, or else its credential. */
function loginOf({ session, credential }: StreamConnection): string | null {
  const key = session?.key ?? credential?.key;
  return key === undefined ? null : short(key);
}

/** The key of a user as {@link SessionUsers} has it. */
export function shortKeyOf(user: User): string {
  return short(userKeyOf(user));
}

function short(key: string): string {
  return key.slice(0, KEY_LENGTH);
}
