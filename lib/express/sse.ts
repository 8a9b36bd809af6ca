import { existsSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { resolve } from "node:path";
import serveStatic from "serve-static";
import { dropBehindStream, isBehindStream } from "../connection/transport.js";
import { SseHub } from "../hub/sse-hub.js";
import { isDevelopment, warn } from "../diagnostics/development.js";
import { resolveSseOptions, type SseOptions, type StaticOptions } from "./sse-options.js";
import { AnsweredStreams } from "./answered-streams.js";
import { clientFilesAt, serveClient } from "./client-file.js";
import { answerPreflight } from "./origin.js";
import { RequestStream } from "./request-stream.js";
import type { SseRequest } from "./sse-request.js";
import type { SessionRequest } from "./tag-request.js";

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- Express is extended through this one
  namespace Express {
    interface Request {
      /** Set by `sse()` of express-sse-hub. */
      sse: SseRequest;
    }
  }
}

/** A middleware for Express 4 and 5, typed so that `req.params` of a route keeps its type. */
export type Handler = (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Serves static files and the browser client, and puts `req.sse` on every other request. If a request passes several
 * `sse()`, the innermost is used.
 *
 * ```ts
 * app.use(sse({ hub, static: "public" }));
 * app.get("/events", (req) => { req.sse.join(); });
 * ```
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 */
export function sse(options: SseOptions): Handler {
  const settings = resolveSseOptions(options);
  const core = SseHub.coreOf(settings.hub);
  core.hints?.onMount();
  core.sessionMonitor.changes.addWatch(settings.watch);
  const answered = new AnsweredStreams(core.report);
  if (isDevelopment()) settings.statics.forEach(warnIfMissing);
  const files = settings.statics.map(({ root, ...rest }) => serveStatic(root, rest));
  const client = clientFilesAt(settings.client);
  return (req, res, next) => {
    // RFC 9112, 9.6: after "Connection: close" no further request of the connection is processed.
    if (isBehindStream(req)) {
      dropBehindStream(req);
      return;
    }
    if (answerPreflight(req, res, settings.allowedOrigins)) return;
    if (serveClient(req, res, client)) return;
    const stream = new RequestStream(req as SessionRequest, res, core, settings, answered);
    (req as { sse?: SseRequest }).sse = stream;
    if (stream.wantsStream) {
      // Before the routes, so that the handler of a finished stream does not run again. A request for a stream skips
      // static files, so that a file never hides a stream.
      if (stream.isFinished) stream.stop();
      else next();
    } else {
      serve(files, 0, req, res, next);
    }
  };
}

// serve-static does not report a folder that does not exist: it answers 404 for each file.
function warnIfMissing({ root }: StaticOptions): void {
  const folder = resolve(root);
  if (existsSync(folder)) return;
  warn(
    "ERR_SSE_OPTION",
    `The folder ${folder} of sse({ static: ${JSON.stringify(root)} }) does not exist, so its files are not found (404). ` +
      "Expected a folder, absolute or relative to the working directory.",
  );
}

function serve(
  files: ReadonlyArray<ReturnType<typeof serveStatic>>,
  index: number,
  ...[req, res, next]: Parameters<Handler>
): void {
  const file = files[index];
  if (file === undefined) {
    next();
    return;
  }
  file(req, res, (error?: unknown) => {
    if (error === undefined) serve(files, index + 1, req, res, next);
    else next(error);
  });
}
