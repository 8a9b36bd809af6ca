/** Why the streams of a session have ended, since what they were tagged with holds no longer. */
export type SessionEndCause =
  /** The session was destroyed: a logout. */
  | "destroyed"
  /** It was stored with another user: a login, another profile. */
  | "changed"
  /** Another node has destroyed or changed it. */
  | "elsewhere"
  /** Its time is over, or that of its user (`expiresAt`). */
  | "expired"
  /** It was read again, and was another one or not there. */
  | "revalidated"
  /** The store failed to give it, and `onStoreError` is `"end"`. */
  | "store"
  /** `refresh()`, on any node. */
  | "refresh"
  /** `disconnect()`, on any node. */
  | "disconnect"
  /** The log has lost something, perhaps the news of a change. These streams end one by one. */
  | "break";
