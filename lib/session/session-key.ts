import { createHmac } from "node:crypto";

/**
 * What stands for a session id, which is a credential, in everything the hub keeps and tells.
 *
 * @param label the same on every node: {@link EventLog.sessionLabel}
 */
export function sessionKeyOf(sessionId: string, label: string): string {
  return createHmac("sha256", label).update(sessionId).digest("base64url");
}
