import { keptUserKeyOf, type User } from "../user/user.js";
import { shortKeyOf, type NodeUser, type PresentUser, type SessionUsers } from "./presence.js";

/** A user as the dashboard lists it. */
export interface Person extends PresentUser {
  /** When the first of its open connections was opened, in milliseconds since 1970; `null` where none is open. */
  readonly since: number | null;
}

/** What a node answers who asks for its users: these, and behind them what became of its sessions. */
export type UsersAnswer = ReadonlyArray<NodeUser | { readonly sessionUsers: SessionUsers }>;

/**
 * Makes one list of the answers of all nodes. A user with pages on several nodes is one user; one whose page was left
 * is none if the session belongs to somebody else since, as after a promotion, on whichever node.
 *
 * A node of another version may have answered something else, one that only publishes nothing.
 */
export function mergeUsers(answers: readonly unknown[]): PresentUser[] {
  return mergePeople(answers).map(({ user, connections }) => ({ user, connections }));
}

/** The same with what else is known of them. */
export function mergePeople(answers: readonly unknown[]): Person[] {
  const parts = answers.flat();
  const owners = new Map<string, string[]>();
  for (const [session, owner] of parts.filter(isAboutSessions).flatMap((one) => one.sessionUsers)) {
    owners.set(session, [...(owners.get(session) ?? []), owner]);
  }
  const all = new Map<string, Person>();
  for (const { user, connections, away, since = null } of parts.filter(isNodeUser)) {
    if (away !== undefined && connections === 0 && !mayReturn(user, away, owners)) continue;
    const key = keptUserKeyOf(user);
    const before = all.get(key);
    all.set(key, {
      user,
      connections: (before?.connections ?? 0) + connections,
      since: earlier(before?.since ?? null, since),
    });
  }
  return [...all.values()];
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
