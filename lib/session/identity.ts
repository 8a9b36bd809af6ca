import { fingerprintOf } from "../user/fingerprint.js";
import { lastingOf, type User } from "../user/user.js";
import { expiryOf } from "./age.js";
import { sessionKeyOf } from "./session-key.js";

/** A hash of a user. It shows whether two users are equal, and nothing else about them. */
export interface Identity {
  /** The same for users that are equal without `expiresAt`. */
  readonly fingerprint: string;
  /** The user's `expiresAt` in milliseconds since 1970; `null` if there is none. */
  readonly expiresAt: number | null;
}

/** @param label the key with which fingerprints are hashed, the same on every node */
export function identityOf(user: User | undefined, label: string): Identity {
  const expiry = expiryOf(user);
  const lasting = user === undefined ? null : lastingOf(user);
  return {
    fingerprint: sessionKeyOf(fingerprintOf(lasting), label),
    expiresAt: expiry === Infinity ? null : expiry,
  };
}
