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
 * Sees to it that an error given to `next` after a stream began ends the stream with a word to the
 * browser. Nothing else tells us: Express answers such an error by destroying the socket. So the
 * application gets one error handler more, behind its own, at its first stream.
 */
export function catchStreamErrors(req: IncomingMessage): void {
  const { app } = req as { app?: App };
  if (typeof app?.use !== "function" || known.has(app)) return;
  known.add(app);
  // Four parameters make it an error handler; the error goes on, to be logged as any other.
  app.use((error, failed, _res, next) => {
    (failed as { sse?: { fail?: (error: unknown) => void } }).sse?.fail?.(error);
    next(error);
  });
}
