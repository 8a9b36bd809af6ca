import { SseHubError } from "../errors/sse-hub-error.js";

/** Milliseconds after which a log that failed is asked again. */
export const LOG_RETRY_MS = 1_000;

/** The error for a log that could not be read. */
export function logFailed(cause: unknown): SseHubError {
  return new SseHubError("ERR_SSE_LOG", "The log could not be read.", { cause });
}
