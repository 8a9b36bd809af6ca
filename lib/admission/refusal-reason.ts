import type { Limits } from "./limits.js";

/**
 * Why a request for a stream got none. All but the last two are answered so that EventSource asks again
 * later. What a guard of the application refuses (`requireUser()`, 401 or 403) is not among them.
 */
export type RefusalReason =
  /** This one of the hub's `limits` was reached. */
  | keyof Limits
  /** The hub drains. */
  | "draining"
  /** The session store was in trouble. */
  | "store"
  /** The user function failed with an error of the hub that is not the store, or the log could not be asked for a run. */
  | "error"
  /** The request came on a socket whose earlier request has not been answered. */
  | "pipelined"
  /** A page of an origin that is not allowed: 403. */
  | "origin"
  /** The stream was finished, or its session disconnected: 204, and EventSource stops. */
  | "stopped";
