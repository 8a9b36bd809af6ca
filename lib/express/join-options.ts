import type { First } from "../admission/admission-request.js";
import { isArray, optionReader } from "../options/option-reader.js";

/** How a request joins. An unknown key is an error. */
export interface JoinOptions {
  rooms?: readonly string[] | undefined;
  /**
   * The state the page is to begin with, sent before anything else. It is asked for unless the browser
   * has come back and gets all it missed; what is broadcast meanwhile waits. So there is no hole
   * between loading the state and the first live event: what changes in between comes as an event,
   * perhaps of a change that the state shows already.
   */
  first?: First | undefined;
}

/** Reads the options of `req.sse.join()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveJoinOptions(options: JoinOptions): {
  readonly rooms: readonly string[];
  readonly first: First | null;
} {
  const read = optionReader("req.sse.join", options, ["rooms", "first"]);
  return {
    rooms: read("rooms", "an array of rooms", isArray, []) as readonly string[],
    first: read("first", "a function that gives [event, data]", isFirst) ?? null,
  };
}

function isFirst(value: unknown): value is First {
  return typeof value === "function";
}
