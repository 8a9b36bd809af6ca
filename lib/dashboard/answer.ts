import type { ServerResponse } from "node:http";
import { SseHubError, SseHubTypeError } from "../errors/sse-hub-error.js";

/** What the page is told of a call that failed. */
export class Refusal extends Error {}

export function answerJson(res: ServerResponse, value: unknown, status = 200): void {
  res.writeHead(status, {
    "Content-Type": "application/json; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  res.end(JSON.stringify(value));
}

/** Answers what the person at the page can mend; throws anything else. */
export function answerError(res: ServerResponse, error: unknown): void {
  if (error instanceof SseHubTypeError || error instanceof Refusal) {
    answerJson(res, { error: error.message }, 400);
  } else if (error instanceof SseHubError) {
    answerJson(res, { error: error.message }, 503);
  } else {
    throw error;
  }
}
