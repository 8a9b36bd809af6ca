import { SseHubTypeError } from "../errors/sse-hub-error.js";

/** The calls of `req.sse` that turn a request into a stream. */
export type StreamCall = "join" | "open" | "follow";

/** The error for a response that is not ours to begin. */
export function headersSent(call: StreamCall): SseHubTypeError {
  return new SseHubTypeError(
    "ERR_SSE_HEADERS_SENT",
    `req.sse.${call}() was called after the response had begun. Expected a response that nobody has ` +
      `answered yet: call ${call}() first, and leave res alone after it.`,
  );
}

/** The error for a request that is a stream of another kind already. */
export function calledTwice(first: StreamCall, second: StreamCall): SseHubTypeError {
  return new SseHubTypeError(
    "ERR_SSE_HEADERS_SENT",
    `req.sse.${second}() was called after req.sse.${first}(). Expected one of them: a request ` +
      "is a stream of the hub, a stream of its own, or follows a run.",
  );
}
