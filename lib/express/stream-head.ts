import type { ServerResponse } from "node:http";

// What may have been set for a body that has an end, is sent in chunks, or is the same every time.
const FOR_OTHER_BODIES = [
  "Content-Length",
  "Transfer-Encoding",
  "Trailer",
  "ETag",
  "Last-Modified",
];

/**
 * Fixes the head of a stream's response, with nothing sent yet: whatever acts on headers (sessions
 * that set a cookie, compression) has acted when this returns.
 *
 * On HTTP/1.x the body is ended by the end of the connection, without chunk framing: one
 * representation for HTTP/1.0 (nginx's default towards its upstream) and 1.1.
 */
export function writeStreamHead(res: ServerResponse): void {
  for (const name of FOR_OTHER_BODIES) {
    res.removeHeader(name);
  }
  // A middleware that encodes the body has wrapped write(). If none has, the header would be wrong.
  if (!Object.hasOwn(res, "write")) res.removeHeader("Content-Encoding");
  res.setHeader("Content-Type", "text/event-stream");
  // no-transform keeps compression() from buffering; the next is for nginx, which buffers by default.
  res.setHeader("Cache-Control", "no-cache, no-transform");
  res.setHeader("X-Accel-Buffering", "no");
  res.setHeader("X-Content-Type-Options", "nosniff");
  if (res.req.httpVersionMajor === 1) {
    res.setHeader("Connection", "close");
    res.useChunkedEncodingByDefault = false;
  }
  res.writeHead(200);
}
