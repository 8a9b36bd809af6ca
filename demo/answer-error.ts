import type { ErrorRequestHandler } from "express";
import createError from "http-errors";

/**
 * Answers with the message of an error as JSON, `{ message }`, and with the error's status. If the message is not meant
 * for users, the answer is 500 with a general message, and the error is written to the console.
 */
export const answerError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  // The response has begun, as with a stream: only Express's own handler can still end it.
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
