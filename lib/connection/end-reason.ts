/**
 * Why a connection ended. The browser is told in `hub:end`, except for `gone` (it left by itself) and
 * `refused` (it was never let in).
 */
export type EndReason =
  /** The user behind it changed: logout, login, expiry, another profile. */
  | "user"
  /** `hub.refresh()` */
  | "refresh"
  /** `maxConnectionAgeMs` */
  | "age"
  /** `connection.close()` */
  | "close"
  /** The hub drains. */
  | "shutdown"
  /** The handler, the user function, `first` or a source failed, or the session store did. */
  | "error"
  /** No byte was taken for `stallMs`. */
  | "slow"
  /** `connection.end()`, or the run it followed is done: the browser does not come back. */
  | "done"
  /** `hub.disconnect()`: the browser does not come back. */
  | "stop"
  /** The run it followed failed: the browser does not come back. */
  | "failed"
  /** The run it followed was cancelled: the browser does not come back. */
  | "cancelled"
  /** The process of the run it followed is gone: the browser does not come back. */
  | "lost"
  | "gone"
  | "refused";

/** What is done with a stream that ends. */
export interface Ending {
  /**
   * Whether the browser is told in `hub:end`: `always`, `unless-full` (a socket that takes nothing is not
   * waited for: its browser learns by the closing), or `never`.
   */
  readonly isTold: "always" | "unless-full" | "never";
  /** The cursor that goes with it: one that returns never, or for a return as the same user or another. */
  readonly cursor: "final" | "same" | "other";
  /** Whether the response is ended here. */
  readonly endsResponse: boolean;
}

const RETURNS: Ending = { isTold: "unless-full", cursor: "same", endsResponse: true };
// Its browser returns as another user: what it was given to begin with is given again.
const RETURNS_AS_OTHER: Ending = { ...RETURNS, cursor: "other" };
// A browser that returns with this cursor is answered 204, and EventSource stops. Without it the
// handler of the stream would run again and again.
const STOPS: Ending = { isTold: "always", cursor: "final", endsResponse: true };
const UNTOLD: Ending = { isTold: "never", cursor: "same", endsResponse: false };

/** How a stream ends, by the reason of its end. */
export const ENDINGS: Readonly<Record<EndReason, Ending>> = {
  user: RETURNS_AS_OTHER,
  refresh: RETURNS_AS_OTHER,
  age: RETURNS,
  close: RETURNS,
  shutdown: RETURNS,
  error: RETURNS,
  done: STOPS,
  stop: STOPS,
  failed: STOPS,
  cancelled: STOPS,
  lost: STOPS,
  // Nothing can be written any more, or the response is not ours.
  slow: UNTOLD,
  gone: UNTOLD,
  // It was answered when to ask again.
  refused: { ...UNTOLD, endsResponse: true },
};
