interface Cookie {
  readonly value: string;
  readonly path: string;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * The cookies of one visitor at one site, kept as in a browser: by name and path, until they expire or the application
 * clears them. Domains are ignored, and `Secure` cookies are sent, as a browser does for localhost.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-5
 */
export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();

  /** Stores the cookies of an answer to a request for that path. @param headers its `Set-Cookie` headers */
  take(headers: readonly string[], requestPath: string): void {
    for (const header of headers) {
      const [pair = "", ...attributes] = header.split(";").map((part) => part.trim());
      const [name, value] = split(pair);
      const given = new Map(attributes.map((text) => split(text)).map(([k, v]) => [lower(k), v]));
      const path = given.get("path");
      const cookie = {
        value,
        path: path?.startsWith("/") === true ? path : defaultPath(requestPath),
        expiresAt: expiryOf(given),
      };
      const key = `${name};${cookie.path}`;
      this.#cookies.delete(key);
      if (cookie.expiresAt > Date.now()) this.#cookies.set(key, cookie);
    }
  }

  /** The `Cookie` header of a request for that path; `undefined` for none. */
  headerFor(requestPath: string): string | undefined {
    const sent = [...this.#cookies]
      .filter(([, { path, expiresAt }]) => expiresAt > Date.now() && isUnder(requestPath, path))
      .sort(([, a], [, b]) => b.path.length - a.path.length)
      .map(([key, { value }]) => `${key.split(";", 1).join()}=${value}`);
    return sent.length === 0 ? undefined : sent.join("; ");
  }
}

function split(pair: string): readonly [name: string, value: string] {
  const at = pair.indexOf("=");
  return at === -1 ? [pair, ""] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
}

function lower(name: string): string {
  return name.toLowerCase();
}

// 5.3: Max-Age has precedence over Expires; a date that cannot be parsed is ignored.
function expiryOf(attributes: ReadonlyMap<string, string>): number {
  const maxAge = attributes.get("max-age");
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Date.now() + Number(maxAge) * 1_000;
  const expires = Date.parse(attributes.get("expires") ?? "");
  return Number.isNaN(expires) ? Infinity : expires;
}

// 5.1.4
function defaultPath(requestPath: string): string {
  return requestPath.slice(0, Math.max(1, requestPath.lastIndexOf("/")));
}

function isUnder(requestPath: string, path: string): boolean {
  if (!requestPath.startsWith(path)) return false;
  return (
    requestPath.length === path.length || path.endsWith("/") || requestPath[path.length] === "/"
  );
}
