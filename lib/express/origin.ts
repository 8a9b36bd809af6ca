import createError from "http-errors";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Refusals } from "../admission/refusals.js";
import { originRefusal } from "./origin-refusal.js";
import { isOwnPage, ownOrigin } from "./own-origin.js";

/**
 * Lets pages of other origins read a stream where the application allows them, and nobody else: a
 * stream is opened with the visitor's cookies, so that any page could read it otherwise.
 *
 * Requests without a browser behind them name no origin and pass.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 * @throws an http-error 403 that says what was compared with what
 */
export function checkOrigin(
  req: IncomingMessage,
  res: ServerResponse,
  allowed: readonly string[],
  refusals: Pick<Refusals, "note">,
): void {
  if (allowOrigin(req, res, allowed)) return;
  refusals.note("origin");
  throw createError(403, originRefusal(req));
}

/**
 * Tells the browser that the page may read the answer, if it may. Also for an answer that is to be
 * put off: without it a browser takes that for a failure, and does not ask again.
 */
export function allowOrigin(
  req: IncomingMessage,
  res: ServerResponse,
  allowed: readonly string[],
): boolean {
  const { origin } = req.headers;
  if (allowed.length > 0) res.appendHeader("Vary", "Origin");
  if (isSameOrigin(req)) return true;
  if (origin === undefined || !allowed.includes(origin)) return false;
  // The exact origin: a wildcard is refused by browsers as soon as cookies go along.
  res.setHeader("Access-Control-Allow-Origin", origin);
  res.setHeader("Access-Control-Allow-Credentials", "true");
  return true;
}

/**
 * Answers the question of a browser whether a page may send Last-Event-ID along, which clients that
 * are no EventSource ask. Only that: GET, that one header, an allowed origin. Gives false for
 * anything else, which is the application's to answer.
 */
export function answerPreflight(
  req: IncomingMessage,
  res: ServerResponse,
  allowed: readonly string[],
): boolean {
  const { origin } = req.headers;
  const method = req.headers["access-control-request-method"];
  const headers = (req.headers["access-control-request-headers"] ?? "").toLowerCase();
  const isOurs =
    req.method === "OPTIONS" &&
    method === "GET" &&
    origin !== undefined &&
    allowed.includes(origin) &&
    headers === "last-event-id";
  if (!isOurs) return false;
  res.writeHead(204, {
    "Access-Control-Allow-Origin": origin,
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Methods": "GET",
    "Access-Control-Allow-Headers": "Last-Event-ID",
    "Access-Control-Max-Age": "600",
    Vary: "Origin",
  });
  res.end();
  return true;
}

// Sec-Fetch-Site is the browser's own word, which a page cannot forge and a proxy leaves alone.
/** True when a page of this server asks, or no page at all. */
export function isSameOrigin(req: IncomingMessage): boolean {
  const { origin, "sec-fetch-site": site } = req.headers;
  if (site !== undefined) return site === "same-origin" || site === "none";
  return origin === undefined || isOwnPage(origin, ownOrigin(req));
}
