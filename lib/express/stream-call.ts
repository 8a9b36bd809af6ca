import { SseHubTypeError } from "../errors/sse-hub-error.js";

/** The calls of `req.sse` that turn a request into a stream. */
export type StreamCall = "join" | "open" | "follow";

/** The error for a response that has begun already. */
export function headersSent(call: StreamCall): SseHubTypeError {
  return new SseHubTypeError(
    "ERR_SSE_HEADERS_SENT",
    `req.sse.${call}() was called after the response had begun. Expected a response whose headers are not ` +
      `sent yet: call ${call}() first, and leave res alone after it.`,
  );
}

/** The error for a request that already follows another run. */
export function followsAnother(first: string, second: string): SseHubTypeError {
  return new SseHubTypeError(
    "ERR_SSE_HEADERS_SENT",
    `req.sse.follow(${JSON.stringify(second)}) was called after req.sse.follow(${JSON.stringify(first)}). Expected ` +
      "one run for each request: let the page open a stream for each run that it follows.",
  );
}

/** The error for a request that is already a stream of another kind. */
export function calledTwice(first: StreamCall, second: StreamCall): SseHubTypeError {
  return new SseHubTypeError(
    "ERR_SSE_HEADERS_SENT",
    `req.sse.${second}() was called after req.sse.${first}(). Expected one of them: a request is a stream ` +
      "of the hub (join), a stream for itself alone (open), or follows a run (follow).",
  );
}
