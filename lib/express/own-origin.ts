import { parseUrl } from "../options/parse-url.js";
import type { IncomingMessage } from "node:http";

/** The origin of this server as browsers see it, read from headers that can be trusted. */
export interface OwnOrigin {
  /** `undefined` if it is not known: TLS may end at a proxy that does not send X-Forwarded-Proto. */
  readonly scheme: string | undefined;
  /** As in the header, perhaps with a port. */
  readonly host: string;
  /** X-Forwarded-Port of a trusted proxy. */
  readonly port: string | undefined;
  /** The headers this was read from. */
  readonly from: readonly string[];
}

type TrustProxy = (address: string | undefined, hop: number) => unknown;

/** The part of Express's request that is used here. */
interface ExpressRequest {
  readonly app?: { get?(setting: string): unknown };
}

/**
 * The origin of this server as browsers see it. `X-Forwarded-Host`, `X-Forwarded-Proto` and `X-Forwarded-Port`
 * count only if Express's `trust proxy` covers the sender, as for `req.hostname` and `req.protocol`. These two are not
 * used, because Express 4 drops the port.
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
 * True if the origin is the server's own. The origins are compared as browsers do it: upper and lower case are the
 * same, and a missing port is the default port of the scheme.
 */
export function isOwnPage(origin: string, { scheme, host, port }: OwnOrigin): boolean {
  const page = parseUrl(origin);
  if (page === undefined) return false;
  if (page.protocol !== "http:" && page.protocol !== "https:") return false;
  if (scheme !== undefined && page.protocol !== `${scheme}:`) return false;
  // With two proxies in a row, X-Forwarded-Port may not be the port that the browser uses. So accept the host without
  // it, too.
  const hosts = port === undefined || /:\d+$/.test(host) ? [host] : [host, `${host}:${port}`];
  return hosts.some((one) => originOf(page.protocol, one) === page.origin);
}

/** X-Forwarded-Host, if `trust proxy` does not cover its sender. */
export function untrustedHost(req: IncomingMessage): string | undefined {
  return trustsProxy(req) ? undefined : firstOf(req, "x-forwarded-host");
}

function originOf(protocol: string, host: string): string | undefined {
  // Only a host and a port: with a user name before it, as in user@host, a URL would have another host.
  if (!/^[^\s/?#@\\]+$/.test(host)) return undefined;
  const url = `${protocol}//${host}`;
  return parseUrl(url)?.origin;
}

function trustsProxy(req: IncomingMessage): boolean {
  // Express keeps the setting as a function of an address and its place in the row of proxies. Other frameworks have no
  // such setting.
  const trust = (req as ExpressRequest).app?.get?.("trust proxy fn") as TrustProxy | undefined;
  return trust?.(req.socket.remoteAddress, 0) === true;
}

// Each proxy adds to the list: the first entry is the browser's.
function firstOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = [headers[name]].flat()[0]?.split(",", 1)[0]?.trim();
  return value === "" ? undefined : value;
}
