import { createHmac } from "node:crypto";

const LABEL = "express-sse-hub session";

/** What stands for a session id, which is a credential, in everything the hub keeps. */
export function sessionKeyOf(sessionId: string): string {
  return digest(sessionId);
}

/** Tells whether two values are the same; of the values themselves nothing is kept. */
export function fingerprintOf(watched: unknown): string {
  return digest(JSON.stringify(watched) ?? "");
}

function digest(text: string): string {
  return createHmac("sha256", LABEL).update(text).digest("base64url");
}
