/** Why the streams of a session or a credential have ended, since what they were tagged with holds no longer. */
export type SessionEndCause =
  /** The session was destroyed, or the credential cleared: a logout. */
  | "destroyed"
  /** It stands for another user: a login, another profile. */
  | "changed"
  /** Another node has destroyed or changed it. */
  | "elsewhere"
  /** Its time is over, or that of its user (`expiresAt`). */
  | "expired"
  /** It was read again or verified, and was another one or not there. */
  | "revalidated"
  /** The store, or `verify`, failed, and `onStoreError` is `"end"`. */
  | "store"
  /** `refresh()`, on any node. */
  | "refresh"
  /** `disconnect()`, on any node. */
  | "disconnect"
  /** The log has lost something, perhaps the news of a change. These streams end one by one. */
  | "break";
