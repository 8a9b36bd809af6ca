import type { IncomingMessage } from "node:http";
import { describe } from "../errors/sse-hub-error.js";
import { ownOrigin, untrustedHost } from "./own-origin.js";

const OTHERS = "Name other origins in allowedOrigins of sse().";

/** Says what the origin of a page was compared with, and which setting helps. */
export function originRefusal(req: IncomingMessage): string {
  const { origin, "sec-fetch-site": site } = req.headers;
  const page =
    origin === undefined ? "A page without an Origin header" : `A page of ${describe(origin)}`;
  return `${page} may not read the stream: ${reasonOf(req, origin, site)}`;
}

function reasonOf(
  req: IncomingMessage,
  origin: string | undefined,
  site: string | string[] | undefined,
): string {
  if (origin === "null") {
    return (
      "this is the origin of every sandboxed page and every local file. " +
      "Serve the page from an origin of its own, and name that in allowedOrigins of sse()."
    );
  }
  if (site === undefined) return `${comparison(req)} ${OTHERS}`;
  const said = `its browser sent Sec-Fetch-Site: ${String(site)}.`;
  return origin === undefined
    ? `${said} Open the stream with EventSource, or with fetch() in the mode "cors".`
    : `${said} ${OTHERS}`;
}

function comparison(req: IncomingMessage): string {
  const { scheme, host, from } = ownOrigin(req);
  const own = describe(scheme === undefined ? host : `${scheme}://${host}`);
  const compared = `the origin of this server is ${own} (from ${from.join(", ")}).`;
  const untrusted = untrustedHost(req);
  if (untrusted === undefined) {
    return (
      `${compared} If there is a proxy in front of the server, let it send X-Forwarded-Host and ` +
      'X-Forwarded-Proto and set "trust proxy" of Express, or let it leave Host alone.'
    );
  }
  return (
    `${compared} X-Forwarded-Host is ${describe(untrusted)}, but it counts only if "trust proxy" ` +
    "of Express covers the proxy."
  );
}
