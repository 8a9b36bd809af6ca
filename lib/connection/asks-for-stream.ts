import type { IncomingMessage } from "node:http";

/**
 * True if the request asks for a stream: its `Accept` contains `text/event-stream` (a wildcard does not count), or it
 * has the header `Last-Event-ID`, because not every client sends `Accept`.
 */
export function asksForStream({ headers }: Pick<IncomingMessage, "headers">): boolean {
  const isNamed = headers.accept?.includes("text/event-stream") === true;
  return isNamed || headers["last-event-id"] !== undefined;
}
