/** Why the hub has ended the streams of a session or a credential. */
export type SessionEndCause =
  /** The session was destroyed, or the credential cleared: a logout. */
  | "destroyed"
  /** Its user has changed: a login, another profile. */
  | "changed"
  /** Another node has destroyed or changed it. */
  | "elsewhere"
  /** The session has expired, or the `expiresAt` of its user is reached. */
  | "expired"
  /** The session was read again and had changed or was gone, or `verify` did not answer `true`. */
  | "revalidated"
  /** The store, or `verify`, failed, and `onStoreError` is `"end"`. */
  | "store"
  /** `refresh()`, on any node. */
  | "refresh"
  /** `disconnect()`, on any node. */
  | "disconnect"
  /** The log has lost entries, perhaps the notice of a change. These streams end one by one. */
  | "break";
