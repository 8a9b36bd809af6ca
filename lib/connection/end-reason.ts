/**
 * Why a connection ended. `hub:end` tells the browser, except for `gone` (the browser left) and `refused` (the
 * connection was never admitted).
 */
export type EndReason =
  /** The user changed: logout, login, expiry, another profile. */
  | "user"
  /** `hub.refresh()`, or a shared log has lost entries, perhaps the notice of a logout. */
  | "refresh"
  /** `maxConnectionAgeMs` */
  | "age"
  /** `connection.close()` */
  | "close"
  /** The hub shuts down. */
  | "shutdown"
  /** The handler, the user function, `first`, a source or the session store failed. */
  | "error"
  /** The socket took no byte for `stallMs`. */
  | "slow"
  /** `connection.end()`, or the run that it followed is done: the browser does not reconnect. */
  | "done"
  /** `hub.disconnect()`: the browser does not reconnect. */
  | "stop"
  /** The run that it followed failed: the browser does not reconnect. */
  | "failed"
  /** The run that it followed was cancelled: the browser does not reconnect. */
  | "cancelled"
  /** The process of the run that it followed is gone: the browser does not reconnect. */
  | "lost"
  /** The browser left, or the application answered the request. */
  | "gone"
  /** The hub refused the stream. */
  | "refused";

/** How the hub ends a stream. */
export interface Ending {
  /**
   * Whether the hub sends `hub:end`: `always`, `never`, or `unless-full`. With `unless-full` the hub does not wait
   * for a socket that takes nothing: that browser notices when the socket closes.
   */
  readonly sendsEnd: "always" | "unless-full" | "never";
  /**
   * The cursor that `hub:end` carries: `final`, so that the browser does not reconnect, or one to reconnect with
   * as the same user or as another user.
   */
  readonly cursor: "final" | "same" | "other";
  /** Whether the hub ends the response. */
  readonly endsResponse: boolean;
}

const RECONNECTS: Ending = { sendsEnd: "unless-full", cursor: "same", endsResponse: true };
// The browser reconnects as another user, so it is sent its initial state again.
const RECONNECTS_AS_OTHER: Ending = { ...RECONNECTS, cursor: "other" };
// A browser that reconnects with this cursor is answered 204, and EventSource stops. Without it the handler of
// the stream would run again and again.
const STOPS: Ending = { sendsEnd: "always", cursor: "final", endsResponse: true };
const SILENT: Ending = { sendsEnd: "never", cursor: "same", endsResponse: false };

/** How a stream ends, by the reason of its end. */
export const ENDINGS: Readonly<Record<EndReason, Ending>> = {
  user: RECONNECTS_AS_OTHER,
  refresh: RECONNECTS_AS_OTHER,
  age: RECONNECTS,
  close: RECONNECTS,
  shutdown: RECONNECTS,
  error: RECONNECTS,
  done: STOPS,
  stop: STOPS,
  failed: STOPS,
  cancelled: STOPS,
  lost: STOPS,
  // The socket takes nothing, or the response is not ours.
  slow: SILENT,
  gone: SILENT,
  // The answer has already told the browser when to ask again.
  refused: { ...SILENT, endsResponse: true },
};
