import type { StreamConnection } from "../connection/stream-connection.js";
import type { User } from "../user/user.js";

/** When a connection ends by itself: at its age, or when its tag says that the user's time is over. */
export function endOf(
  { user }: StreamConnection,
  maxAgeMs: number | null,
): StreamConnection["endsAt"] {
  // A fifth more or less: streams that were opened together do not return together.
  const age = maxAgeMs === null ? Infinity : Date.now() + maxAgeMs * (0.8 + Math.random() * 0.4);
  return firstOf(age, expiryOf(user));
}

/** The same when the user's time was prolonged. */
export function prolonged(
  { endsAt }: StreamConnection,
  expiresAt: number | null,
): StreamConnection["endsAt"] {
  return firstOf(endsAt?.age ?? Infinity, expiresAt ?? Infinity);
}

/** When the user's time is over, in milliseconds since 1970; `Infinity` for never. */
export function expiryOf(user: User | undefined): number {
  return timeOf((user as { expiresAt?: unknown } | undefined)?.expiresAt);
}

function firstOf(age: number, expiry: number): StreamConnection["endsAt"] {
  if (expiry < age) return { time: expiry, reason: "user", age };
  return age === Infinity ? undefined : { time: age, reason: "age", age };
}

// A number of milliseconds since 1970, or what JSON made of a date.
function timeOf(expiresAt: unknown): number {
  if (typeof expiresAt === "number") return expiresAt;
  const time = typeof expiresAt === "string" ? Date.parse(expiresAt) : NaN;
  return Number.isNaN(time) ? Infinity : time;
}
