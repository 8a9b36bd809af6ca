/** One connection to the server of a log. It never reconnects by itself: {@link Reconnector} opens a new one. */
export interface LogSession {
  /** The server: `host:port`, or the path of a socket. */
  readonly server: string;
  /** Why it has ended; `null` while it is open. */
  readonly lost: Error | null;
  /** Calls back when it ends. */
  onEnd(callback: () => void): void;
  /** Ends it. Idempotent: only the first cause counts. */
  end(cause: Error): void;
}

/** Milliseconds that a server may take to answer, in addition to the time that it was asked to wait. */
export const ANSWER_MS = 5_000;
