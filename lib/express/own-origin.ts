import { parseUrl } from "../options/parse-url.js";
import type { IncomingMessage } from "node:http";

/** Where browsers ask this server, as far as somebody who may be believed tells it. */
export interface OwnOrigin {
  /** `undefined` where nobody knows: TLS may end at a proxy that does not say so. */
  readonly scheme: string | undefined;
  /** As it came, perhaps with a port. */
  readonly host: string;
  /** The port that a trusted proxy tells beside the host. */
  readonly port: string | undefined;
  /** The headers this was read from. */
  readonly from: readonly string[];
}

type TrustProxy = (address: string | undefined, hop: number) => unknown;

/** What of Express the address of a server hangs on. */
interface ExpressRequest {
  readonly app?: { get?(setting: string): unknown };
}

/**
 * Tells where browsers ask this server. `X-Forwarded-Host`, `X-Forwarded-Proto` and `X-Forwarded-Port`
 * count only where Express's `trust proxy` covers who sent them, as they do for `req.hostname` and
 * `req.protocol`. Those are not asked: Express 4 gives no port.
 */
export function ownOrigin(req: IncomingMessage): OwnOrigin {
  const isTrusted = trustsProxy(req);
  const forwarded = (name: string) => (isTrusted ? firstOf(req, name) : undefined);
  const host = forwarded("x-forwarded-host");
  const scheme = forwarded("x-forwarded-proto");
  const isEncrypted = (req.socket as { encrypted?: boolean }).encrypted === true;
  return {
    scheme: scheme?.toLowerCase() ?? (isEncrypted ? "https" : undefined),
    host: host ?? req.headers.host ?? firstOf(req, ":authority") ?? "",
    port: forwarded("x-forwarded-port"),
    from: [
      host === undefined ? "Host" : "X-Forwarded-Host",
      ...(scheme === undefined ? [] : ["X-Forwarded-Proto"]),
    ],
  };
}

/**
 * True when a page of that origin is the server's own. They are compared as browsers do it: without
 * regard to case, with the default port of the scheme where none is named.
 */
export function isOwnPage(origin: string, { scheme, host, port }: OwnOrigin): boolean {
  const page = parseUrl(origin);
  if (page === undefined) return false;
  if (page.protocol !== "http:" && page.protocol !== "https:") return false;
  if (scheme !== undefined && page.protocol !== `${scheme}:`) return false;
  // Two proxies in a row may tell of different ports: the one beside the host need not be the browser's.
  const hosts = port === undefined || /:\d+$/.test(host) ? [host] : [host, `${host}:${port}`];
  return hosts.some((one) => originOf(page.protocol, one) === page.origin);
}

/** The host that a proxy tells, where nobody has said that it may be believed. */
export function untrustedHost(req: IncomingMessage): string | undefined {
  return trustsProxy(req) ? undefined : firstOf(req, "x-forwarded-host");
}

function originOf(protocol: string, host: string): string | undefined {
  // Nothing but a host and a port: with a user's name before it, it would be read as another host.
  if (!/^[^\s/?#@\\]+$/.test(host)) return undefined;
  const url = `${protocol}//${host}`;
  return parseUrl(url)?.origin;
}

function trustsProxy(req: IncomingMessage): boolean {
  // What the setting means for an address and its place in the row of proxies. Applications of other
  // frameworks have no such setting.
  const trust = (req as ExpressRequest).app?.get?.("trust proxy fn") as TrustProxy | undefined;
  return trust?.(req.socket.remoteAddress, 0) === true;
}

// Each proxy adds to the list: the first entry is the browser's.
function firstOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = [headers[name]].flat()[0]?.split(",", 1)[0]?.trim();
  return value === "" ? undefined : value;
}
