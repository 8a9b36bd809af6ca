import type { IncomingMessage } from "node:http";
import { SseHubTypeError } from "../errors/sse-hub-error.js";
import { RequestStream } from "./request-stream.js";
import { routeOf } from "./request-facts.js";
import type { SseRequest } from "./sse-request.js";

/**
 * Returns `req.sse`, or throws an error that says what to mount. If the request did not pass `sse()`, as in a route above
 * it, `req.sse` is undefined, and the error of `req.sse.join()` does not say why.
 *
 * ```ts
 * app.get("/events", (req) => void streamOf(req).join());
 * ```
 *
 * @throws SseHubTypeError `ERR_SSE_NOT_MOUNTED`
 */
export function streamOf(req: IncomingMessage): SseRequest {
  return requestStreamOf(req, "streamOf()");
}

/** The same with the members for this package's own use. @throws SseHubTypeError `ERR_SSE_NOT_MOUNTED` */
export function requestStreamOf(req: IncomingMessage, owner: string): RequestStream {
  const { sse } = req as { sse?: unknown };
  if (sse instanceof RequestStream) return sse;
  throw new SseHubTypeError(
    "ERR_SSE_NOT_MOUNTED",
    `${owner} was given a request without req.sse: ${routeOf(req)}. Expected app.use(sse({ hub })) above this route, ` +
      "from the same copy of express-sse-hub: do not load one with import and the other with require.",
  );
}
