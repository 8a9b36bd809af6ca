import type { IncomingMessage } from "node:http";
import type { SessionRequest } from "./tag-request.js";

/** Gives what proves the user of a request, such as a bearer token; `undefined` for nothing. */
export type CredentialFunction = (req: SessionRequest) => string | null | undefined;

/** The cookies of a browser that make up its credential, by name. */
export type CookieValues = ReadonlyMap<string, string>;

/**
 * The cookies that prove a user. A name stands for that cookie and for its chunks, `name.0`, `name.1`; a name
 * that ends with `*` for every cookie that begins so.
 */
export class CredentialCookies {
  readonly #names: readonly string[];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Those that a request has brought. Of two with one name the first counts, as for everybody who reads cookies. */
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

/** What tells two sets of cookies apart; empty for none. */
export function textOf(values: CookieValues): string {
  return values.size === 0 ? "" : JSON.stringify(inOrder(values));
}

/** The credential itself: the value of the cookie, of its chunks one behind the other. */
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

/** What a cookie says, as those read it who serve requests. */
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
