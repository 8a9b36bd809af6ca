import type { IncomingMessage } from "node:http";

/** The members of Express's request that name its route. */
interface Routed {
  readonly baseUrl?: string;
  readonly originalUrl?: string;
  readonly route?: { readonly path?: unknown };
}

/** True if the request has a body, which must be read. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

/** The address of the browser; `undefined` if the socket is closed. */
export function addressOf(req: IncomingMessage): string | undefined {
  // Express's req.ip depends on the application's setting `trust proxy`.
  return (req as { ip?: string }).ip ?? req.socket.remoteAddress;
}

/** The cursor that the browser sent, from the header or `?lastEventId=`. */
export function lastEventIdOf(req: IncomingMessage): string | undefined {
  return headerOf(req, "last-event-id") ?? queryOf(req, "lastEventId");
}

/** The page that sent the request, if it names itself in the header `SSE-Connection`. */
export function connectionIdOf(req: IncomingMessage): string | undefined {
  return headerOf(req, "sse-connection");
}

/** A parameter of the URL's query. */
export function queryOf({ url }: IncomingMessage, name: string): string | undefined {
  const query = url?.split("?", 2)[1] ?? "";
  if (!query.includes(name)) return undefined;
  return new URLSearchParams(query).get(name) ?? undefined;
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const header = headers[name];
  return typeof header === "string" && header !== "" ? header : undefined;
}

/** Method and path of a request. The path is the pattern of the route if it is known, because a path may name a user. */
export function routeOf(req: IncomingMessage & Routed): string {
  const { baseUrl = "", originalUrl = req.url ?? "", route } = req;
  const [path = ""] = originalUrl.split("?", 1);
  return `${req.method} ${typeof route?.path === "string" ? baseUrl + route.path : path}`;
}
