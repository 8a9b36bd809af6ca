import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * Passes an error to Express after the handler has returned: to `req.next`, which Express 4 and 5 set on each request.
 * If there is no `req.next`, the request is answered here.
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
