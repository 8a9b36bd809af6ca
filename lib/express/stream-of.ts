import type { IncomingMessage } from "node:http";
import { SseHubTypeError } from "../errors/sse-hub-error.js";
import { RequestStream } from "./request-stream.js";
import { routeOf } from "./request-facts.js";
import type { SseRequest } from "./sse-request.js";

/**
 * Gives `req.sse`, or an error that says what to mount. `req.sse` itself is undefined where the request did not pass
 * `sse()`, as in a route above it, and `req.sse.join()` then fails with a text that does not say why.
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

/** The same with what only this package asks of it. @throws SseHubTypeError `ERR_SSE_NOT_MOUNTED` */
export function requestStreamOf(req: IncomingMessage, owner: string): RequestStream {
  const { sse } = req as { sse?: unknown };
  if (sse instanceof RequestStream) return sse;
  throw new SseHubTypeError(
    "ERR_SSE_NOT_MOUNTED",
    `${owner} met a request without req.sse: ${routeOf(req)}. Expected app.use(sse({ hub })) above this route, ` +
      "both taken from the same copy of express-sse-hub: not one by import and one by require.",
  );
}
