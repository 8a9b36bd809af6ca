/** What is known of a session at one moment. */
export interface SessionState {
  /** The same as long as what the user depends on is the same. */
  readonly fingerprint: string;
  /** Milliseconds since 1970; `null` for a session without expiry. */
  readonly expiresAt: number | null;
}

/** The session behind a connection. Nothing in it tells the session's id. */
export interface SessionLink extends SessionState {
  readonly key: string;
  /** What would be known of the session with this content. */
  stateOf(content: object): SessionState;
  /** A change whose write is not acknowledged. */
  changeInFlight(): { readonly session: object | null } | undefined;
  /** Asks the store for the content; `null` when it has no such session. */
  read(): Promise<object | null>;
}
