import { parseUrl } from "../options/parse-url.js";
import { isArray, refusedOption } from "../options/option-reader.js";
import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";

// Browsers serialise the origins of these the way the URL standard says.
const WEB = /^https?:$/;
// A scheme of an app or of an extension, a host and perhaps a port. Only its scheme is in lower case for sure.
const APP_ORIGIN = /^([a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\:]+(?::\d+)?)(\/.*)?$/i;
// Pages of these have the origin "null", or there are none.
const WITHOUT_ORIGIN = /^(?:file|data|blob|about|javascript|filesystem):/i;
const NOT_OF_PAGES = /^(?:ws|wss|ftp):/i;

/**
 * Reads the option `allowedOrigins`: origins of the web, and of apps and extensions, such as
 * `capacitor://localhost`, each as browsers send it.
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION` that names the first entry no browser would send, and the reason
 */
export function readAllowedOrigins(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!isArray(value)) {
    const expected = 'an array such as ["https://example.com"]';
    throw refusedOption("sse", "allowedOrigins", value, expected);
  }
  for (const entry of value) {
    const fault = faultOf(entry);
    if (fault === undefined) continue;
    const given = `The option allowedOrigins of sse() names ${describe(entry)}.`;
    throw new SseHubTypeError("ERR_SSE_OPTION", `${given} ${fault}`);
  }
  return value as readonly string[];
}

const NO_ORIGIN = "Expected a scheme, a host and perhaps a port: scheme://host:port.";

function faultOf(entry: unknown): string | undefined {
  if (typeof entry !== "string") return NO_ORIGIN;
  if (entry.includes("*")) return "There are no wildcards here: name each origin.";
  if (entry === "null") {
    return (
      'Every sandboxed page and every local file has the origin "null": whoever allows it allows ' +
      "anybody. Serve the page from an origin of its own."
    );
  }
  if (WITHOUT_ORIGIN.test(entry)) {
    const scheme = entry.slice(0, entry.indexOf(":") + 1);
    return (
      `Browsers send "null" for pages with ${scheme}, which every sandboxed page has, too. ` +
      "Serve the page from an origin of its own."
    );
  }
  const origin = asSent(entry);
  if (origin === undefined) return NO_ORIGIN;
  if (origin === entry) return undefined;
  return (
    `Expected ${JSON.stringify(origin)}, as browsers send it: lower case, no default port, ` +
    "and nothing behind the host and port."
  );
}

/** The origin as browsers send it; `undefined` for what has none. */
function asSent(entry: string): string | undefined {
  const url = NOT_OF_PAGES.test(entry) ? undefined : parseUrl(entry);
  if (url === undefined) return undefined;
  const { protocol, origin } = url;
  if (WEB.test(protocol)) return /^https?:\/\//i.test(entry) ? origin : undefined;
  const own = APP_ORIGIN.exec(entry)?.[1];
  return own === undefined ? undefined : protocol + own.slice(protocol.length);
}
