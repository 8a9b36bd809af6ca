import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import createError from "http-errors";
import { isSameOrigin } from "../express/origin.js";
import { isLoaded } from "../express/session-write.js";
import { requestStreamOf } from "../express/stream-of.js";
import { userKeyOf } from "../user/user.js";

// For visitors without a session in a store. Other nodes do not know it.
const OWN_SECRET = randomBytes(32);

const HEADER = "sse-dashboard-token";

/**
 * A token that only the visitor's own pages can know: made of the session's id, which is a secret of the browser and
 * known to all nodes, and of the user.
 */
export async function tokenOf(req: IncomingMessage): Promise<string> {
  const user = await requestStreamOf(req, "dashboard()").identify();
  const { sessionID } = req as { sessionID?: string };
  const key = sessionID !== undefined && isLoaded(req) ? sessionID : OWN_SECRET;
  const whose = user === undefined ? "" : userKeyOf(user);
  return createHmac("sha256", key).update(`express-sse-hub dashboard ${whose}`).digest("base64url");
}

/**
 * Refuses what no page of the dashboard has sent. A form of another site can send neither the header nor JSON, and a
 * script of it is asked by a preflight that nobody answers.
 *
 * @throws an http-error 403 or 415
 */
export async function checkForgery(req: IncomingMessage): Promise<void> {
  const { origin, "sec-fetch-site": site } = req.headers;
  const isNamed = origin !== undefined || site !== undefined;
  if (!isNamed || !isSameOrigin(req)) {
    throw createError(
      403,
      "This call came from a page of another origin. Use the dashboard itself.",
    );
  }
  const given = Buffer.from([req.headers[HEADER]].flat()[0] ?? "");
  const expected = Buffer.from(await tokenOf(req));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw createError(403, "The token of this call is not the session's. Reload the dashboard.");
  }
  const type = req.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") throw createError(415, "Expected application/json.");
}
