import type { First } from "../admission/admission-request.js";
import { isArray, optionReader } from "../options/option-reader.js";

/** How a request joins. An unknown key is an error. */
export interface JoinOptions {
  rooms?: readonly string[] | undefined;
  /**
   * Returns the state that the page begins with. It is sent before other events. It is not called if the browser
   * reconnects and receives all events that it missed. Events that are broadcast while it is at work are sent after
   * the state, so that no change is lost between the state and the first event. Such an event may describe a change
   * that the state already contains.
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
