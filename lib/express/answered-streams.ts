import type { IncomingMessage, ServerResponse } from "node:http";
import { SseHubError } from "../errors/sse-hub-error.js";
import { routeOf } from "./request-facts.js";

// Each route is told of once; an application has not so many.
const MAX_ROUTES = 1_000;

/** Tells the application of streams whose responses it has ended itself, once for each route. */
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
        `The response of ${route} was ended by the application after req.sse.join() or open(), so its ` +
          "stream has ended, and the browser asks again. Expected a handler that leaves res alone from there " +
          "on, and returns nothing. In NestJS inject @Res() into the handler, or Nest answers for it.",
      ),
    );
  }
}

/**
 * Calls `req.sse.onAnswered` when the response has been ended. One function for all: it must not hold what the
 * hub lets go of.
 */
export function watchEnd(res: ServerResponse): void {
  res.once("finish", onFinish);
}

function onFinish(this: ServerResponse): void {
  (this.req as { sse?: { onResponseEnd?: () => void } }).sse?.onResponseEnd?.();
}
