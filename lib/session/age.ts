import type { StreamConnection } from "../connection/stream-connection.js";

/** When a connection ends by itself: at its age, or when its tag says that the user's time is over. */
export function endOf(
  { user }: StreamConnection,
  maxAgeMs: number | null,
): StreamConnection["endsAt"] {
  // A fifth more or less: streams that were opened together do not return together.
  const age = maxAgeMs === null ? Infinity : Date.now() + maxAgeMs * (0.8 + Math.random() * 0.4);
  const expiry = timeOf((user as { expiresAt?: unknown } | undefined)?.expiresAt);
  if (expiry < age) return { time: expiry, reason: "user" };
  return age === Infinity ? undefined : { time: age, reason: "age" };
}

// A number of milliseconds since 1970, or what JSON made of a date.
function timeOf(expiresAt: unknown): number {
  if (typeof expiresAt === "number") return expiresAt;
  const time = typeof expiresAt === "string" ? Date.parse(expiresAt) : NaN;
  return Number.isNaN(time) ? Infinity : time;
}
