import createError from "http-errors";
import type { Hello } from "./say-hello.js";

const MAX_TEXT_LENGTH = 500;

/** Reads the body of `POST /api/hello`. @throws HttpError 400 saying what is wrong with it */
export function readHello(body: unknown): Hello {
  const { to, text } = (body ?? {}) as Partial<Record<keyof Hello, unknown>>;
  if (to !== "all" && to !== "administrators") {
    throw createError(400, 'Say whom it is for: "to" is "all" or "administrators".');
  }
  if (typeof text !== "string" || text.trim() === "") {
    throw createError(400, 'Say something: "text" is a string that is not empty.');
  }
  if (text.length > MAX_TEXT_LENGTH) {
    throw createError(400, `Say less: "text" has at most ${MAX_TEXT_LENGTH} characters.`);
  }
  return { to, text };
}
