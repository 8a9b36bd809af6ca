import * as crypto from "node:crypto";

const LABEL = "express-sse-hub session";

/** What stands for a session id, which is a credential, in everything the hub keeps. */
export function sessionKeyOf(sessionId: string): string {
  return crypto.createHmac("sha256", LABEL).update(sessionId).digest("base64url");
}

/** Tells whether two values are the same; of the values themselves nothing is kept. */
export function fingerprintOf(watched: unknown): string {
  const text = JSON.stringify(watched) ?? "";
  // In one call where Node has it (20.12), which takes half the time: it is done for every stream.
  if (typeof crypto.hash === "function") return crypto.hash("sha256", text, "base64url");
  return crypto.createHash("sha256").update(text).digest("base64url");
}
