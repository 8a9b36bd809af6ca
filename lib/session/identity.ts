import { fingerprintOf } from "../user/fingerprint.js";
import type { User } from "../user/user.js";
import { expiryOf } from "./age.js";
import { sessionKeyOf } from "./session-key.js";

/** Who a user is, told so that nobody learns it: what two of them have in common is all there is to see. */
export interface Identity {
  /** The same for equal users, whenever their time is over. */
  readonly fingerprint: string;
  /** When the user's time is over, in milliseconds since 1970; `null` for never. */
  readonly expiresAt: number | null;
}

/** @param label what fingerprints are hashed with, the same on every node */
export function identityOf(user: User | undefined, label: string): Identity {
  const expiry = expiryOf(user);
  // A token that is renewed is the same user for a longer time.
  const lasting = user === undefined ? null : { ...user, expiresAt: undefined };
  return {
    fingerprint: sessionKeyOf(fingerprintOf(lasting), label),
    expiresAt: expiry === Infinity ? null : expiry,
  };
}
