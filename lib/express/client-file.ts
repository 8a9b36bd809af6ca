import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { CLIENT_BUNDLE, SHARED_BUNDLE, SHARED_PART } from "./client-bundle.js";

interface ClientFile {
  readonly text: string;
  readonly etag: string;
}

/** The files of the browser client by their paths, for pages without a bundler. */
export type ClientFiles = ReadonlyMap<string, ClientFile>;

/** The client as one module at that path, and beside it the module that it loads to share a connection between tabs. */
export function clientFilesAt(path: string | null): ClientFiles {
  if (path === null) return new Map();
  const sharedPath = path.replace(/(\.\w+)?$/, "-shared$1");
  const sharedPart = `.${sharedPath.slice(sharedPath.lastIndexOf("/"))}`;
  return new Map([
    [path, fileOf(CLIENT_BUNDLE.replace(SHARED_PART, sharedPart))],
    [sharedPath, fileOf(SHARED_BUNDLE)],
  ]);
}

function fileOf(text: string): ClientFile {
  const hash = createHash("sha256").update(text).digest("base64url").slice(0, 22);
  return { text, etag: `"${hash}"` };
}

/** Serves the browser client. Returns false for any other request. */
export function serveClient(
  req: IncomingMessage,
  res: ServerResponse,
  files: ClientFiles,
): boolean {
  const isRead = req.method === "GET" || req.method === "HEAD";
  const file = files.get(req.url?.split("?", 1)[0] ?? "");
  if (file === undefined || !isRead) return false;
  const { text, etag } = file;
  res.setHeader("Cache-Control", "no-cache");
  res.setHeader("ETag", etag);
  res.setHeader("X-Content-Type-Options", "nosniff");
  // compression() and some proxies turn it into a weak ETag, W/"…".
  if (req.headers["if-none-match"]?.includes(etag) === true) {
    res.writeHead(304).end();
    return true;
  }
  res.writeHead(200, {
    "Content-Type": "text/javascript; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
  });
  res.end(req.method === "HEAD" ? undefined : text);
  return true;
}
