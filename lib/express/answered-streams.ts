import type { IncomingMessage, ServerResponse } from "node:http";
import { SseHubError } from "../errors/sse-hub-error.js";
import { routeOf } from "./request-facts.js";

// Each route is reported once. An application has fewer routes than this.
const MAX_ROUTES = 1_000;

/** Reports an error if the application itself has ended the response of a stream, once for each route. */
export class AnsweredStreams {
  readonly #report: (error: SseHubError) => void;
  readonly #told = new Set<string>();

  constructor(report: (error: SseHubError) => void) {
    this.#report = report;
  }

  note(req: IncomingMessage): void {
    const route = routeOf(req);
    if (this.#told.has(route) || this.#told.size >= MAX_ROUTES) return;
    this.#told.add(route);
    this.#report(
      new SseHubError(
        "ERR_SSE_ANSWERED",
        `The application ended the response of ${route} after req.sse.join() or open(), so the stream has ` +
          "ended, and the browser reconnects. Expected a handler that leaves res alone after this call, and " +
          "returns nothing. In NestJS, inject @Res() into the handler: otherwise Nest ends the response.",
      ),
    );
  }
}

/**
 * Calls `req.sse.onResponseEnd` when the response has been ended. All responses share one listener, so that it keeps
 * no reference to a connection that has ended.
 */
export function watchEnd(res: ServerResponse): void {
  // Not once(), which takes more memory: it is emitted only once.
  res.on("finish", onFinish);
}

function onFinish(this: ServerResponse): void {
  (this.req as { sse?: { onResponseEnd?: () => void } }).sse?.onResponseEnd?.();
}
