import createError from "http-errors";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Refusals } from "../admission/refusals.js";
import { originRefusal } from "./origin-refusal.js";
import { isOwnPage, ownOrigin } from "./own-origin.js";

/**
 * Lets pages of other origins read a stream only if the application allows these origins. A browser may send the
 * user's cookies with the request of any page, which could read the stream without this check.
 *
 * Requests that do not come from a browser have no `Origin` and pass.
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
 * Sets the headers that let the page read the response, and returns true, if its origin is allowed. A refusal needs
 * them too: without them, EventSource takes the response for a failure and does not reconnect.
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
  // The exact origin, because browsers refuse the wildcard if the request has cookies.
  res.setHeader("Access-Control-Allow-Origin", origin);
  res.setHeader("Access-Control-Allow-Credentials", "true");
  return true;
}

/**
 * Answers the preflight request with which a browser asks whether a page of an allowed origin may send the header
 * Last-Event-ID with GET. Clients other than EventSource need it. Returns false for anything else, which the
 * application answers.
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

// The browser sets Sec-Fetch-Site itself. A page cannot forge it, and proxies do not change it.
/** True if the request comes from a page of this server, or from no page. */
export function isSameOrigin(req: IncomingMessage): boolean {
  const { origin, "sec-fetch-site": site } = req.headers;
  if (site !== undefined) return site === "same-origin" || site === "none";
  return origin === undefined || isOwnPage(origin, ownOrigin(req));
}
