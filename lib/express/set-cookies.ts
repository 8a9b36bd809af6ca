import { splitPair, type CookieValues, type CredentialCookies } from "./credential-source.js";

/** The cookies that a browser has after a response; the same map if the response changes none of them. */
export function withSetCookies(
  before: CookieValues,
  setCookies: readonly string[],
  cookies: CredentialCookies,
): CookieValues {
  let after: Map<string, string> | undefined;
  for (const setCookie of setCookies) {
    const [pair = "", ...attributes] = setCookie.split(";");
    const [name, value] = splitPair(pair);
    if (!cookies.isMeant(name)) continue;
    after ??= new Map(before);
    if (value === "" || value === '""' || isOver(attributes)) after.delete(name);
    else after.set(name, value);
  }
  return after ?? before;
}

// RFC 6265, 5.3: Max-Age takes precedence over Expires. Of two attributes with one name the last counts.
function isOver(attributes: readonly string[]): boolean {
  const found = new Map(
    attributes.map(splitPair).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const maxAge = found.get("max-age");
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0;
  const expires = found.get("expires");
  // RFC 6265, 5.1.1: a date has the name of a month. Node would accept "0" as a date.
  return expires !== undefined && /[a-z]{3}/i.test(expires) && Date.parse(expires) <= Date.now();
}
