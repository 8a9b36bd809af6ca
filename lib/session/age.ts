import type { StreamConnection } from "../connection/stream-connection.js";
import type { User } from "../user/user.js";

/** When a connection ends by itself: at its maximum age, or at the user's `expiresAt`, whichever comes first. */
export function endOf(
  { user }: StreamConnection,
  maxAgeMs: number | null,
): StreamConnection["endsAt"] {
  // Up to a fifth more or less, so that browsers whose streams were opened together do not reconnect together.
  const age = maxAgeMs === null ? Infinity : Date.now() + maxAgeMs * (0.8 + Math.random() * 0.4);
  return firstOf(age, expiryOf(user));
}

/** When the connection ends after the user's `expiresAt` has changed; its maximum age stays the same. */
export function prolonged(
  { endsAt }: StreamConnection,
  expiresAt: number | null,
): StreamConnection["endsAt"] {
  return firstOf(endsAt?.age ?? Infinity, expiresAt ?? Infinity);
}

/** The user's `expiresAt` in milliseconds since 1970; `Infinity` if there is none. */
export function expiryOf(user: User | undefined): number {
  return timeOf((user as { expiresAt?: unknown } | undefined)?.expiresAt);
}

function firstOf(age: number, expiry: number): StreamConnection["endsAt"] {
  if (expiry < age) return { time: expiry, reason: "user", age };
  return age === Infinity ? undefined : { time: age, reason: "age", age };
}

// `expiresAt` is a number of milliseconds since 1970, or the text that JSON makes of a date.
function timeOf(expiresAt: unknown): number {
  if (typeof expiresAt === "number") return expiresAt;
  const time = typeof expiresAt === "string" ? Date.parse(expiresAt) : NaN;
  return Number.isNaN(time) ? Infinity : time;
}
