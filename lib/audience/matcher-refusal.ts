import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";

/** The error for a matcher: what was given, where, what is expected there, what to do. */
export function refused(
  at: string,
  given: unknown,
  expected: string,
  remedy?: string,
): SseHubTypeError {
  const place = at === "" ? "The matcher is" : `The matcher holds at ${shorten(at)}`;
  const advice = remedy === undefined ? "" : ` ${remedy}.`;
  return new SseHubTypeError(
    "ERR_SSE_FILTER",
    `${place} ${describe(given)}. Expected ${expected}.${advice}`,
  );
}

// A path may come from a request, and the message goes into a log.
function shorten(at: string): string {
  return at.length > 200 ? `${at.slice(0, 200)}…` : at;
}

/** The keys of a table, to be named in a message. */
export function known(table: Readonly<Record<string, unknown>>): string {
  return Object.keys(table).join(" ");
}
