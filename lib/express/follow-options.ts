import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import { optionReader } from "../options/option-reader.js";
import type { RunForm } from "../run/run-record.js";

/** How a request follows a run. */
export interface FollowOptions {
  /**
   * For clients that do not know the hub's events: the stream has no `hub:` events, no ids and no `retry:`; an event
   * has a name only if the run gave it one, and the body ends with the run. @default false
   */
  raw?: boolean | undefined;
}

/** Reads the arguments of `req.sse.follow()`. Any text may be an id, because it may come from a page. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveFollow(id: unknown, options: FollowOptions): RunForm {
  if (typeof id !== "string") {
    throw new SseHubTypeError(
      "ERR_SSE_OPTION",
      `The id of req.sse.follow() is ${describe(id)}. Expected the id of a run, a string.`,
    );
  }
  const read = optionReader("req.sse.follow", options, ["raw"]);
  return read("raw", "true or false", isBoolean, false) ? "raw" : "hub";
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}
