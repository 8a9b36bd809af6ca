import type { IncomingMessage } from "node:http";

/** What of a request of Express tells its route. */
interface Routed {
  readonly baseUrl?: string;
  readonly originalUrl?: string;
  readonly route?: { readonly path?: unknown };
}

/** True when the request has a body, which somebody must read. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

/** The address of the browser; `undefined` for a socket that is gone. */
export function addressOf(req: IncomingMessage): string | undefined {
  // Express's req.ip honours the application's `trust proxy`.
  return (req as { ip?: string }).ip ?? req.socket.remoteAddress;
}

/**
 * True when the request asks for a stream: it names `text/event-stream` (`*` does not count), or brings a cursor,
 * for not every client names the type.
 */
export function asksForStream({ headers }: IncomingMessage): boolean {
  const isNamed = headers.accept?.includes("text/event-stream") === true;
  return isNamed || headers["last-event-id"] !== undefined;
}

/** The cursor that the browser brought, from the header or `?lastEventId=`. */
export function lastEventIdOf(req: IncomingMessage): string | undefined {
  return headerOf(req, "last-event-id") ?? queryOf(req, "lastEventId");
}

/** The page's own connection, if the page has named it. */
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

/** Method and path of a request; the pattern of its route, where it is known: a path may name a user. */
export function routeOf(req: IncomingMessage & Routed): string {
  const { baseUrl = "", originalUrl = req.url ?? "", route } = req;
  const [path = ""] = originalUrl.split("?", 1);
  return `${req.method} ${typeof route?.path === "string" ? baseUrl + route.path : path}`;
}
