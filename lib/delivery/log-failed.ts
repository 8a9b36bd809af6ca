import { SseHubError } from "../errors/sse-hub-error.js";

/** Milliseconds after which a log that failed is asked again. */
export const LOG_RETRY_MS = 1_000;

/** The error for a log that could not be read. */
export function logFailed(cause: unknown): SseHubError {
  return new SseHubError("ERR_SSE_LOG", "The log could not be read.", { cause });
}

/** The error for a log that holds less than is broadcast between two passes. */
export function overrun(): SseHubError {
  return new SseHubError(
    "ERR_SSE_OVERRUN",
    "Events left the log before they were delivered to connected browsers, which are told hub:gap. " +
      "Expected broadcast() to be awaited where many follow each other, or a log that holds more: " +
      "await it, or raise maxEvents and maxBytes of the log.",
  );
}
