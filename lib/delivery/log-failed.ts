import { SseHubError } from "../errors/sse-hub-error.js";

/** Milliseconds after which a log that failed is read again. */
export const LOG_RETRY_MS = 1_000;

/** The error for a log that could not be read. */
export function logFailed(cause: unknown): SseHubError {
  return new SseHubError("ERR_SSE_LOG", MESSAGE, { cause });
}

/** The error for a log that is too small to hold the events that are broadcast between two passes. */
export function overrun(): SseHubError {
  return new SseHubError(
    "ERR_SSE_OVERRUN",
    "Events left the log before they were delivered to connected browsers, which receive hub:gap. " +
      "Await each broadcast() in a loop, or raise maxEvents and maxBytes of the log.",
  );
}

const MESSAGE =
  "The log could not be read; the hub tries again every second. The cause says what is wrong.";
