import type { ErrorRequestHandler } from "express";
import createError from "http-errors";

/**
 * Answers an error as JSON, `{ message }`, with the status it carries. An error that is not meant for
 * visitors becomes a plain 500 and is written to the console instead.
 */
export const answerError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  // A stream has begun: only Express's own handler can still end it.
  if (res.headersSent) {
    next(error);
    return;
  }
  if (createError.isHttpError(error) && error.expose) {
    res.status(error.status).json({ message: error.message });
    return;
  }
  process.stderr.write(`${error instanceof Error ? String(error.stack) : String(error)}\n`);
  res.status(500).json({ message: "Something went wrong on the server." });
};
