import { userKeyOf, type User } from "../user/user.js";
import type { EndReason } from "../connection/connection.js";
import type { StreamConnection } from "../connection/stream-connection.js";

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

type Test = (user: User) => boolean;

interface Leave {
  readonly user: User;
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
  #forgotAt = 0;

  /** @param connections those of this node */
  constructor(connections: Iterable<StreamConnection>) {
    this.#connections = connections;
  }

  onLeave({ user }: StreamConnection, reason: EndReason): void {
    if (user === undefined) return;
    const now = Date.now();
    if (now - this.#forgotAt > GRACE_MS) {
      this.#forgotAt = now;
      this.#leaves = this.#recent(now);
    }
    this.#leaves.push({ user, isFinal: FINAL.includes(reason), at: now });
  }

  /** Each user once, or those that pass the test. */
  users(test: Test | null): PresentUser[] {
    const present = new Map<string, { readonly user: User; connections: number }>();
    // The last leave of a user decides.
    for (const { user, isFinal } of this.#recent(Date.now())) {
      const key = userKeyOf(user);
      if (isFinal) present.delete(key);
      else present.set(key, { user, connections: 0 });
    }
    for (const { user, isOpened } of this.#connections) {
      if (user === undefined || !isOpened) continue;
      const key = userKeyOf(user);
      const entry = present.get(key) ?? { user, connections: 0 };
      entry.connections += 1;
      present.set(key, entry);
    }
    return [...present.values()].filter(({ user }) => test === null || test(user));
  }

  /** The number of open connections, or of those whose user passes the test. */
  count(test: Test | null): number {
    let count = 0;
    for (const { user, isOpened } of this.#connections) {
      if (isOpened && (test === null || (user !== undefined && test(user)))) count += 1;
    }
    return count;
  }

  #recent(now: number): Leave[] {
    return this.#leaves.filter(({ at }) => now - at < GRACE_MS);
  }
}
