/** One connection to the server of a log, from its beginning to its end: it is never made again by itself. */
export interface LogSession {
  /** The server it talks to: `host:port`, or the path of a socket. */
  readonly server: string;
  /** Why it has ended; `null` while it has not. */
  readonly lost: Error | null;
  /** Calls back when it ends. */
  onEnd(callback: () => void): void;
  /** Ends it. Idempotent: the first cause stays. */
  end(cause: Error): void;
}

/** Milliseconds a server has for an answer, beside those it was asked to wait. */
export const ANSWER_MS = 5_000;
