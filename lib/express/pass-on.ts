import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * Hands an error to Express from outside of a handler's own call: to the router that is at work on the request, which Express
 * 4 and 5 name on it. Where there is none, the request is answered here.
 */
export function passOn(req: IncomingMessage, res: ServerResponse, error: unknown): void {
  const { next } = req as { next?: unknown };
  if (typeof next === "function") {
    (next as (error: unknown) => void)(error);
    return;
  }
  res.statusCode = (error as { status?: number } | null)?.status ?? 500;
  res.end();
}
