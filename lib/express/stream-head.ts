import type { ServerResponse } from "node:http";

// Headers for bodies of a known length, for chunked bodies, or for bodies that are the same every time.
const FOR_OTHER_BODIES = [
  "Content-Length",
  "Transfer-Encoding",
  "Trailer",
  "ETag",
  "Last-Modified",
];

/**
 * Fixes the head of a stream's response, but does not send it yet. When this returns, all middleware that changes
 * headers (sessions that set a cookie, compression) has run.
 *
 * With HTTP/1.x, the body has no chunks and ends when the connection ends. So it is the same for HTTP/1.0, which
 * nginx uses by default to its upstream, and for HTTP/1.1.
 */
export function writeStreamHead(res: ServerResponse): void {
  for (const name of FOR_OTHER_BODIES) res.removeHeader(name);
  // A middleware that encodes the body has wrapped write(). If write() is not wrapped, the header would be wrong.
  if (!Object.hasOwn(res, "write")) res.removeHeader("Content-Encoding");
  res.setHeader("Content-Type", "text/event-stream");
  // no-transform keeps compression() from buffering, and X-Accel-Buffering does the same for nginx.
  res.setHeader("Cache-Control", "no-cache, no-transform");
  res.setHeader("X-Accel-Buffering", "no");
  res.setHeader("X-Content-Type-Options", "nosniff");
  if (res.req.httpVersionMajor === 1) {
    res.setHeader("Connection", "close");
    res.useChunkedEncodingByDefault = false;
  }
  res.writeHead(200);
}
