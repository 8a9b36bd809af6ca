/** The state of a session at one moment. */
export interface SessionState {
  /** Unchanged as long as the part of the session that determines the user is unchanged. */
  readonly fingerprint: string;
  /** Milliseconds since 1970; `null` for a session without expiry. */
  readonly expiresAt: number | null;
}

/** The session of a connection. It does not contain the session's id. */
export interface SessionLink extends SessionState {
  readonly key: string;
  /** The state that the session has with this content. */
  stateOf(content: object): SessionState;
  /** A change that the store has not confirmed yet. */
  changeInFlight(): { readonly session: object | null } | undefined;
  /** Reads the content from the store; `null` if the store has no such session. */
  read(): Promise<object | null>;
}
