import { fingerprintOf } from "./fingerprint.js";

/**
 * The user of a connection, as filters see it. Your application declares its members:
 *
 * ```ts
 * declare module "express-sse-hub" {
 *   interface SseUser { id: number; profile: "Administrator" | "Viewer" }
 * }
 * ```
 *
 * Until you declare them, a user is a `Readonly<Record<string, unknown>>`.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled in by declaration merging
export interface SseUser {}

/** {@link SseUser} if the application has declared its members, otherwise any record. */
export type User = [keyof SseUser] extends [never]
  ? Readonly<Record<string, unknown>>
  : Readonly<SseUser>;

/** The user without `expiresAt`: a renewed token has a later one, but the same user. */
export function lastingOf(user: User): object {
  return { ...user, expiresAt: undefined };
}

/** A key that is equal for users with equal data. */
export function userKeyOf(user: User): string {
  return fingerprintOf(user);
}

const keptKeys = new WeakMap<User, string>();

/**
 * Like {@link userKeyOf}, but remembers the key as long as the user object lives. Use it for users that are looked up
 * once a second, and not for every new connection, because it takes memory.
 */
export function keptUserKeyOf(user: User): string {
  let key = keptKeys.get(user);
  if (key === undefined) {
    key = userKeyOf(user);
    keptKeys.set(user, key);
  }
  return key;
}
