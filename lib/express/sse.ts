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
      /** Put there by `sse()` of express-sse-hub. */
      sse: SseRequest;
    }
  }
}

/** A middleware for Express 4 and 5, typed so that `req.params` keeps its type beside it. */
export type Handler = (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Mounts static files, the browser client, and `req.sse` on every request. Mounted several times, the
 * innermost holds.
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
      // Before the routes: the handler of a finished stream is not to run again. A file, besides, must
      // never shadow a stream.
      if (stream.isFinished) stream.stop();
      else next();
    } else {
      serve(files, 0, req, res, next);
    }
  };
}

// serve-static says nothing of a folder that does not exist, and each of its files is 404.
function warnIfMissing({ root }: StaticOptions): void {
  const folder = resolve(root);
  if (existsSync(folder)) return;
  warn(
    "ERR_SSE_OPTION",
    `The folder ${folder} of sse({ static: ${JSON.stringify(root)} }) does not exist, so that its files are 404. ` +
      "Expected a folder, absolute or relative to where node was started.",
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
