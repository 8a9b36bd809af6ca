import type { Limits } from "./limits.js";

/**
 * Why a request for a stream was refused. All reasons but the last two are answered so that EventSource asks again
 * later. Requests that a guard of the application refuses (`requireUser()`, 401 or 403) do not count here.
 */
export type RefusalReason =
  /** The limit of this name was reached. */
  | keyof Limits
  /** The hub shuts down. */
  | "draining"
  /** The session store failed. */
  | "store"
  /** The user function failed with an error of the hub other than `ERR_SSE_STORE`, or the log failed to look up a run. */
  | "error"
  /** The request arrived on a socket whose earlier request is not answered yet. */
  | "pipelined"
  /** The page is of an origin that is not allowed: 403. */
  | "origin"
  /** The stream is finished, or its session was disconnected: 204, so that EventSource stops. */
  | "stopped";
