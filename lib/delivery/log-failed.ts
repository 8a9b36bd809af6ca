import { SseHubError } from "../sse-hub-error.js";

/** The error for a log that could not be read. */
export function logFailed(cause: unknown): SseHubError {
  return new SseHubError("ERR_SSE_LOG", "The log could not be read.", { cause });
}
