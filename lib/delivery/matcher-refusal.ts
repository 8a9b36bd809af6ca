import { SseHubTypeError, describe } from "../sse-hub-error.js";

/** The error for a matcher: what was given, where, what is expected there, what to do. */
export function refused(
  at: string,
  given: unknown,
  expected: string,
  remedy?: string,
): SseHubTypeError {
  const place = at === "" ? "The matcher is" : `The matcher holds at ${at}`;
  const advice = remedy === undefined ? "" : ` ${remedy}.`;
  return new SseHubTypeError(
    "ERR_SSE_FILTER",
    `${place} ${describe(given)}. Expected ${expected}.${advice}`,
  );
}

/** The keys of a table, to be named in a message. */
export function known(table: Readonly<Record<string, unknown>>): string {
  return Object.keys(table).join(" ");
}
