import type { Matcher } from "express-sse-hub";
import createError from "http-errors";
import type { Hello } from "./say-hello.js";

const MAX_TEXT_LENGTH = 500;
const EVENT_NAME = /^[\w.-]{1,40}$/;

/** Reads the body of `POST /api/hello`. @throws HttpError 400 saying what is wrong with it */
export function readHello(body: unknown): Hello {
  const to = readAudience(body);
  const { event = "message", text } = (body ?? {}) as Partial<Record<keyof Hello, unknown>>;
  if (typeof text !== "string" || text.trim() === "") {
    throw createError(400, 'Say something: "text" is a string that is not empty.');
  }
  if (text.length > MAX_TEXT_LENGTH) {
    throw createError(400, `Say less: "text" has at most ${MAX_TEXT_LENGTH} characters.`);
  }
  if (typeof event !== "string" || !EVENT_NAME.test(event)) {
    throw createError(400, 'Name it: "event" is 1 to 40 letters, digits, "_", "." or "-".');
  }
  return { event, to, text };
}

/** Reads the audience: the `to` of a body. @throws HttpError 400 saying what is wrong with it */
export function readAudience(body: unknown): Hello["to"] {
  const { to } = (body ?? {}) as { to?: unknown };
  if (to === "all" || to === "administrators") return to;
  if (typeof to === "object" && to !== null) return to as Matcher;
  throw createError(
    400,
    'The audience is missing or wrong: "to" is "all", "administrators" or a matcher.',
  );
}
