import { createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

// A session id is a credential. What goes on from here stands for it and tells nothing of it.
const LABEL = "express-sse-hub session";

/** What stands for a request's session; `undefined` without a store, where no session can be named. */
export function sessionKeyOf(req: IncomingMessage): string | undefined {
  const { sessionID, sessionStore } = req as { sessionID?: unknown; sessionStore?: unknown };
  if (typeof sessionID !== "string" || sessionStore === undefined) return undefined;
  return createHmac("sha256", LABEL).update(sessionID).digest("base64url");
}
