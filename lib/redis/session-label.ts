import { createHmac } from "node:crypto";
import type { RedisLogSettings } from "./redis-log-options.js";

const LABEL = "express-sse-hub session";

/** What session ids are hashed with: the same on every node, and with `secret` known to nobody else. */
export function sessionLabelOf({ name, secret }: RedisLogSettings): string {
  const label = `${LABEL} ${name}`;
  return secret === null ? label : createHmac("sha256", secret).update(label).digest("base64url");
}
