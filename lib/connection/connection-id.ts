import { randomFillSync } from "node:crypto";

// One call for many random bytes costs little more than one call for a few, so they are drawn in advance.
const ID_BYTES = 12;
const pool = Buffer.alloc(ID_BYTES * 256);
let used = pool.length;

/** A random id of 96 bits. It must not be guessable, because a request can name it in `except`. */
export function createConnectionId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_BYTES;
  return pool.toString("base64url", used - ID_BYTES, used);
}
