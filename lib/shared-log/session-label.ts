import { createHmac } from "node:crypto";

const LABEL = "express-sse-hub session";

/** What session ids are hashed with: the same on every node, and with `secret` known to nobody else. */
export function sessionLabelOf(settings: {
  readonly name: string;
  readonly secret: string | null;
}): string {
  const label = `${LABEL} ${settings.name}`;
  const { secret } = settings;
  return secret === null ? label : createHmac("sha256", secret).update(label).digest("base64url");
}
