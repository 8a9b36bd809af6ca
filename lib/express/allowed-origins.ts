import { parseUrl } from "../options/parse-url.js";
import { isArray, refusedOption } from "../options/option-reader.js";
import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";

// For these schemes, `URL.origin` is the origin as browsers send it.
const WEB = /^https?:$/;
// The origin of an app or an extension: a scheme, a host and perhaps a port. Browsers change only its scheme to lower case.
const APP_ORIGIN = /^([a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\:]+(?::\d+)?)(\/.*)?$/i;
// Pages with these schemes have the origin "null", or do not exist.
const WITHOUT_ORIGIN = /^(?:file|data|blob|about|javascript|filesystem):/i;
const NOT_OF_PAGES = /^(?:ws|wss|ftp):/i;

/**
 * Reads the option `allowedOrigins`: origins of the web, and of apps and extensions, such as
 * `capacitor://localhost`, each as browsers send it.
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION` that names the first entry that no browser would send, and says why
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
  if (entry.includes("*")) return "Wildcards are not supported: name each origin.";
  if (entry === "null") {
    return (
      'Every sandboxed page and every local file has the origin "null", so allowing it would allow ' +
      "every site. Serve the page from an origin of its own."
    );
  }
  if (WITHOUT_ORIGIN.test(entry)) {
    const scheme = entry.slice(0, entry.indexOf(":") + 1);
    return (
      `For pages with ${scheme}, browsers send the origin "null", as for every sandboxed page. ` +
      "Serve the page from an origin of its own."
    );
  }
  const origin = asSent(entry);
  if (origin === undefined) return NO_ORIGIN;
  if (origin === entry) return undefined;
  return (
    `Expected ${JSON.stringify(origin)}, as browsers send it: lower case, no default port, ` +
    "and nothing after the host and port."
  );
}

/** The origin as browsers send it; `undefined` if the entry is not an origin. */
function asSent(entry: string): string | undefined {
  const url = NOT_OF_PAGES.test(entry) ? undefined : parseUrl(entry);
  if (url === undefined) return undefined;
  const { protocol, origin } = url;
  if (WEB.test(protocol)) return /^https?:\/\//i.test(entry) ? origin : undefined;
  const own = APP_ORIGIN.exec(entry)?.[1];
  return own === undefined ? undefined : protocol + own.slice(protocol.length);
}
