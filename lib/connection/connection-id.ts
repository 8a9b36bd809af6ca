import { randomFillSync } from "node:crypto";

// Asking for random bytes costs more than getting many, so they are had in advance.
const ID_BYTES = 12;
const pool = Buffer.alloc(ID_BYTES * 256);
let used = pool.length;

/** A random id of 96 bits. It cannot be guessed: a page that knows one may name it in `except`. */
export function createConnectionId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_BYTES;
  return pool.toString("base64url", used - ID_BYTES, used);
}
