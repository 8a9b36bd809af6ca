import type { IncomingMessage, ServerResponse } from "node:http";

type ErrorHandler = (
  error: unknown,
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** The part of an Express application used here. */
interface App {
  use?: (handler: ErrorHandler) => unknown;
}

const known = new WeakSet<App>();

/**
 * If an error is passed to `next` after a stream has begun, lets the stream end with `hub:end`. Express alone would
 * only destroy the socket. So at the first stream of an application, this adds an error handler behind its own.
 */
export function catchStreamErrors(req: IncomingMessage): void {
  const { app } = req as { app?: App };
  if (typeof app?.use !== "function" || known.has(app)) return;
  known.add(app);
  // Four parameters make it an error handler. It passes the error on, so that it is logged as any other error.
  app.use((error, failed, _res, next) => {
    (failed as { sse?: { fail?: (error: unknown) => void } }).sse?.fail?.(error);
    next(error);
  });
}
