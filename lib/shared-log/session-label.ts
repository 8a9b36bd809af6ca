import { createHmac } from "node:crypto";

const LABEL = "express-sse-hub session";

/**
 * The key with which session ids are hashed: the same on every node. With a `secret`, someone who can read the log
 * cannot compute it.
 */
export function sessionLabelOf(settings: {
  readonly name: string;
  readonly secret: string | null;
}): string {
  const label = `${LABEL} ${settings.name}`;
  const { secret } = settings;
  return secret === null ? label : createHmac("sha256", secret).update(label).digest("base64url");
}
