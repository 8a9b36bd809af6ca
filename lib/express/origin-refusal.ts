import type { IncomingMessage } from "node:http";
import { describe } from "../errors/sse-hub-error.js";
import { ownOrigin, untrustedHost } from "./own-origin.js";

const OTHERS = "Other origins are named in allowedOrigins of sse().";

/** Says what the origin of a page was compared with, and which setting helps. */
export function originRefusal(req: IncomingMessage): string {
  const { origin, "sec-fetch-site": site } = req.headers;
  const page =
    origin === undefined ? "A page that names no origin" : `A page of ${describe(origin)}`;
  return `${page} may not read the stream: ${reasonOf(req, origin, site)}`;
}

function reasonOf(
  req: IncomingMessage,
  origin: string | undefined,
  site: string | string[] | undefined,
): string {
  if (origin === "null") {
    return (
      "that is a sandboxed page or a local file, which cannot be told from any other. " +
      "Serve it from an origin of its own, and name that in allowedOrigins of sse()."
    );
  }
  if (site === undefined) return `${comparison(req)} ${OTHERS}`;
  const said = `its browser says that it is ${String(site)} (Sec-Fetch-Site).`;
  return origin === undefined
    ? `${said} Ask with EventSource, or with fetch() in its mode cors.`
    : `${said} ${OTHERS}`;
}

function comparison(req: IncomingMessage): string {
  const { scheme, host, from } = ownOrigin(req);
  const own = describe(scheme === undefined ? host : `${scheme}://${host}`);
  const compared = `this server is asked as ${own} (${from.join(", ")}).`;
  const untrusted = untrustedHost(req);
  if (untrusted === undefined) {
    return (
      `${compared} If a proxy stands between them, let it send X-Forwarded-Host and ` +
      'X-Forwarded-Proto, or leave Host alone, and set "trust proxy" of Express.'
    );
  }
  return (
    `${compared} X-Forwarded-Host is ${describe(untrusted)}, but counts only where "trust proxy" ` +
    "of Express covers the proxy."
  );
}
