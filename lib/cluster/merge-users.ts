import { keptUserKeyOf, type User } from "../user/user.js";
import { shortKeyOf, type NodeUser, type SessionUsers } from "./presence.js";
import type { PresentUser } from "./present-user.js";

/** A user as the dashboard lists it. */
export interface Person extends PresentUser {
  /** When the first of its open connections was opened, in milliseconds since 1970; `null` if none is open. */
  readonly since: number | null;
}

/** The answer of a node that is asked for its users: the users, and last the {@link SessionUsers}. */
export type UsersAnswer = ReadonlyArray<NodeUser | { readonly sessionUsers: SessionUsers }>;

/**
 * Merges the answers of all nodes to one list. A user with pages on several nodes is one user. A user whose page was
 * closed a moment ago is left out if, on any node, its session now belongs to another user, for example after a
 * promotion.
 *
 * A node of another version may have answered something else, and a process that only publishes answers nothing.
 */
export function mergeUsers(answers: readonly unknown[]): PresentUser[] {
  return mergePeople(answers).map(({ user, connections }) => ({ user, connections }));
}

/** Like {@link mergeUsers}, with the time since which each user is connected. */
export function mergePeople(answers: readonly unknown[]): Person[] {
  const parts = answers.flat();
  const owners = new Map<string, string[]>();
  for (const [session, owner] of parts.filter(isAboutSessions).flatMap((one) => one.sessionUsers)) {
    owners.set(session, [...(owners.get(session) ?? []), owner]);
  }
  const all = new Map<string, Person>();
  for (const one of parts.filter(isNodeUser)) {
    const { user, connections, away, since = null } = one;
    if (away !== undefined && connections === 0 && !mayReturn(user, away, owners)) continue;
    const key = keptUserKeyOf(user);
    const before = all.get(key);
    // There may be very many, and most are on one node only: what came of it is taken as it is.
    if (before === undefined && isPerson(one)) {
      all.set(key, one);
      continue;
    }
    all.set(key, {
      user,
      connections: (before?.connections ?? 0) + connections,
      since: earlier(before?.since ?? null, since),
    });
  }
  return [...all.values()];
}

function isPerson(one: NodeUser): one is NodeUser & Person {
  return one.since !== undefined && one.away === undefined;
}

function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

function mayReturn(
  user: User,
  away: ReadonlyArray<string | null>,
  owners: ReadonlyMap<string, readonly string[]>,
): boolean {
  const key = shortKeyOf(user);
  const isTheirs = (session: string) => owners.get(session)?.every((owner) => owner === key);
  return away.some((session) => session === null || isTheirs(session) !== false);
}

function isNodeUser(value: unknown): value is NodeUser {
  if (typeof value !== "object" || value === null) return false;
  const { user, connections, away } = value as Partial<NodeUser>;
  const isSound = away === undefined || Array.isArray(away);
  return typeof user === "object" && typeof connections === "number" && isSound;
}

function isAboutSessions(value: unknown): value is { readonly sessionUsers: SessionUsers } {
  const { sessionUsers } = (value ?? {}) as { sessionUsers?: unknown };
  return Array.isArray(sessionUsers) && sessionUsers.every(Array.isArray);
}
