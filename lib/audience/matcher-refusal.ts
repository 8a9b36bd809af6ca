import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";

/** The error for a wrong matcher: what was given and where, what is expected there, and what to do. */
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

// A path may come from a request, and the message may be logged, so its length is limited.
function shorten(at: string): string {
  return at.length > 200 ? `${at.slice(0, 200)}…` : at;
}

/** The keys of a table, as text for a message. */
export function known(table: Readonly<Record<string, unknown>>): string {
  return Object.keys(table).join(" ");
}
