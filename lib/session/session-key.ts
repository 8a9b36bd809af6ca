import { createHmac } from "node:crypto";

/**
 * The hash of a session id. The hub keeps and sends only this hash, because the id alone gives access to the session.
 *
 * @param label the same on every node: {@link EventLog.sessionLabel}
 */
export function sessionKeyOf(sessionId: string, label: string): string {
  return createHmac("sha256", label).update(sessionId).digest("base64url");
}
