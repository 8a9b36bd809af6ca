import { fingerprintOf } from "../user/fingerprint.js";
import type { StreamConnection } from "../connection/stream-connection.js";

/**
 * What two connections have in common that hear the same and lose it at the same moment: user, session and
 * rooms. The same on every node; nothing of these can be read from it. A session without a user makes no
 * difference: a page may have come before there was one.
 */
export function audienceKeyOf({
  user,
  session,
  rooms,
}: Pick<StreamConnection, "user" | "session" | "rooms">): string {
  const owner = user === undefined ? null : [user, session?.key];
  return fingerprintOf([owner, [...rooms].sort()]).slice(0, 22);
}
