import type { IncomingMessage } from "node:http";
import type { SessionRequest } from "./tag-request.js";

/** Returns the credential of a request, such as a bearer token; `undefined` if the request has none. */
export type CredentialFunction = (req: SessionRequest) => string | null | undefined;

/** The cookies of a browser that make up its credential, by name. */
export type CookieValues = ReadonlyMap<string, string>;

/**
 * The names of the cookies that are the credential. A name means that cookie and its chunks, `name.0`, `name.1`; a
 * name that ends with `*` means every cookie whose name begins with the text before the `*`.
 */
export class CredentialCookies {
  readonly #names: readonly string[];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** The values of these cookies in a request. Of two cookies with one name the first counts, as in cookie parsers. */
  of({ headers }: IncomingMessage): CookieValues {
    const values = new Map<string, string>();
    for (const pair of (headers.cookie ?? "").split(";")) {
      const [name, value] = splitPair(pair);
      if (value !== "" && !values.has(name) && this.isMeant(name)) values.set(name, value);
    }
    return values;
  }

  isMeant(name: string): boolean {
    return this.#names.some((meant) => {
      if (meant.endsWith("*")) return name.startsWith(meant.slice(0, -1));
      return (
        name === meant || (name.startsWith(`${meant}.`) && isDigits(name.slice(meant.length + 1)))
      );
    });
  }
}

/** A text that is the same for equal sets of cookies; empty for no cookies. */
export function textOf(values: CookieValues): string {
  return values.size === 0 ? "" : JSON.stringify(inOrder(values));
}

/** The credential itself: the decoded value of the cookie, or the decoded values of its chunks joined. */
export function valueOf(values: CookieValues): string {
  return inOrder(values)
    .map(([, value]) => decode(value))
    .join("");
}

/** A cookie, or an attribute of one, as name and value. */
export function splitPair(pair: string): [name: string, value: string] {
  const at = pair.indexOf("=");
  return at === -1 ? [pair.trim(), ""] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
}

/** The value of a cookie, decoded as cookie parsers decode it. */
export function decode(value: string): string {
  const text = value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// Chunks in the order of their numbers.
function inOrder(values: CookieValues): Array<[name: string, value: string]> {
  return [...values].sort(([one], [other]) =>
    one.localeCompare(other, "en", { numeric: true, sensitivity: "variant" }),
  );
}

function isDigits(text: string): boolean {
  return /^\d+$/.test(text);
}
