import * as crypto from "node:crypto";

/** A hash of a value as JSON: equal values have the same fingerprint, and the value cannot be read from it. */
export function fingerprintOf(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  // Called for every stream. crypto.hash() (from Node 20.12) takes half the time.
  if (typeof crypto.hash === "function") return crypto.hash("sha256", text, "base64url");
  return crypto.createHash("sha256").update(text).digest("base64url");
}
