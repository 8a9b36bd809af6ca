import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { CLIENT_BUNDLE } from "./client-bundle.js";

const ETAG = `"${createHash("sha256").update(CLIENT_BUNDLE).digest("base64url").slice(0, 22)}"`;

/**
 * Serves the browser client at that path, as one module for a page without a bundler. Gives false for
 * any other request.
 */
export function serveClient(
  req: IncomingMessage,
  res: ServerResponse,
  path: string | null,
): boolean {
  const isRead = req.method === "GET" || req.method === "HEAD";
  if (path === null || !isRead || req.url?.split("?", 1)[0] !== path) return false;
  res.setHeader("Cache-Control", "no-cache");
  res.setHeader("ETag", ETAG);
  res.setHeader("X-Content-Type-Options", "nosniff");
  // compression() and some proxies make it a weak one.
  if (req.headers["if-none-match"]?.includes(ETAG) === true) {
    res.writeHead(304).end();
    return true;
  }
  res.writeHead(200, {
    "Content-Type": "text/javascript; charset=utf-8",
    "Content-Length": Buffer.byteLength(CLIENT_BUNDLE),
  });
  res.end(req.method === "HEAD" ? undefined : CLIENT_BUNDLE);
  return true;
}
