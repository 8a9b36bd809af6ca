import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { PAGE_BODY, PAGE_SCRIPT, PAGE_STYLE } from "./page-bundle.js";

// One document without a URL in it: it works at any path, with and without a slash at the end, and behind a proxy
// that rewrites it.
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Live audience</title>
<link rel="icon" href="data:,">
<style>${PAGE_STYLE}</style>
</head>
<body>
${PAGE_BODY}
<script type="module">${PAGE_SCRIPT}</script>
</body>
</html>
`;

const POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(PAGE_SCRIPT)}`,
  `style-src ${hashOf(PAGE_STYLE)}`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Length": Buffer.byteLength(PAGE),
  "Content-Security-Policy": POLICY,
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** Serves the page of the dashboard. It holds nothing of the application: that comes by its stream and its calls. */
export function servePage(req: IncomingMessage, res: ServerResponse): void {
  res.writeHead(200, HEADERS);
  res.end(req.method === "HEAD" ? undefined : PAGE);
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
