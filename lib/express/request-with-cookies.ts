import {
  decode,
  splitPair,
  type CookieValues,
  type CredentialCookies,
} from "./credential-source.js";
import type { SessionRequest } from "./tag-request.js";

/** The members that cookie-parser adds to a request. */
interface WithCookies {
  readonly cookies?: unknown;
  readonly signedCookies?: unknown;
}

/**
 * The next request of this browser: a copy of this one with these cookies as its credential. All other members are
 * those of the original request, including those that middleware has added.
 */
export function withCookies(
  req: SessionRequest,
  values: CookieValues,
  meant: CredentialCookies,
): SessionRequest {
  const others = (req.headers.cookie ?? "")
    .split(";")
    .filter((pair) => pair.trim() !== "" && !meant.isMeant(splitPair(pair)[0]))
    .map((pair) => pair.trim());
  const cookie = [...others, ...[...values].map(([name, value]) => `${name}=${value}`)].join("; ");
  const next = Object.create(req) as SessionRequest;
  const { cookies, signedCookies } = req as WithCookies;
  const own = { value: { ...req.headers, cookie }, writable: true, configurable: true };
  Object.defineProperty(next, "headers", own);
  if (isRecord(cookies)) {
    const decoded = [...values].map(([name, value]) => [name, decode(value)]);
    define(next, "cookies", { ...without(cookies, meant), ...Object.fromEntries(decoded) });
  }
  // The signature of a new cookie cannot be checked here, so the copy has no signed cookie of the credential.
  if (isRecord(signedCookies)) define(next, "signedCookies", without(signedCookies, meant));
  return next;
}

function define(req: object, name: string, value: unknown): void {
  Object.defineProperty(req, name, { value, writable: true, configurable: true });
}

function without(cookies: object, meant: CredentialCookies): object {
  return Object.fromEntries(Object.entries(cookies).filter(([name]) => !meant.isMeant(name)));
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
