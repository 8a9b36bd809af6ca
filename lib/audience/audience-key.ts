import { fingerprintOf } from "../user/fingerprint.js";
import { lastingOf } from "../user/user.js";
import type { StreamConnection } from "../connection/stream-connection.js";

/**
 * A hash of the user without `expiresAt`, session and rooms of a connection. Connections with the same key receive the same events and
 * end together when their session changes, so tabs may share one of them. The key is the same on every node, and
 * user, session and rooms cannot be read from it. A session without a user does not count, because a page may have
 * connected before the session existed.
 */
export function audienceKeyOf({
  user,
  session,
  rooms,
}: Pick<StreamConnection, "user" | "session" | "rooms">): string {
  const owner = user === undefined ? null : [lastingOf(user), session?.key];
  return fingerprintOf([owner, [...rooms].sort()]).slice(0, 22);
}
