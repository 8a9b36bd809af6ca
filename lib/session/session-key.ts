import { createHmac } from "node:crypto";

const LABEL = "express-sse-hub session";

/** What stands for a session id, which is a credential, in everything the hub keeps. */
export function sessionKeyOf(sessionId: string): string {
  return createHmac("sha256", LABEL).update(sessionId).digest("base64url");
}
