import type { ServerResponse } from "node:http";
import type { Hub } from "../hub/hub.js";
import { SseHubTypeError } from "../errors/sse-hub-error.js";
import { isObject, optionReader, refusedOption } from "../options/option-reader.js";
import { readAllowedOrigins } from "./allowed-origins.js";
import { watchAll, watchUser, type Watch } from "../session/watch.js";
import type { Verify } from "../user/credential-link.js";
import { CredentialCookies, type CredentialFunction } from "./credential-source.js";
import type { UserResolver } from "./tag-request.js";

/** A folder of static files with the options of serve-static. */
export interface StaticOptions {
  /** The folder, absolute or relative to the working directory. */
  root: string;
  acceptRanges?: boolean;
  cacheControl?: boolean;
  dotfiles?: "allow" | "deny" | "ignore";
  etag?: boolean;
  extensions?: string[] | false;
  fallthrough?: boolean;
  immutable?: boolean;
  index?: boolean | string | string[];
  lastModified?: boolean;
  /** Milliseconds, or a text such as `"1d"`. */
  maxAge?: number | string;
  redirect?: boolean;
  setHeaders?: (res: ServerResponse, path: string, stat: unknown) => void;
}

/** Options of `sse()`. An unknown key is an error. */
export interface SseOptions {
  /** The hub that `createHub()` returned. */
  hub: Hub;
  /** Folders of static files, looked through in this order. A request for a stream skips them. */
  static?: string | StaticOptions | Array<string | StaticOptions> | undefined;
  /**
   * Returns the user of a request; may be asynchronous. It is called at most once per request, and only if something
   * needs the user. The result is copied as JSON, which may have at most 16 KiB.
   *
   * @default (req) => req.session?.user ?? req.user
   */
  user?: UserResolver | undefined;
  /**
   * Returns the part of a session that the user depends on. When this part changes, the session's streams end, and the
   * browsers reconnect and get the new user. It must be synchronous and fast.
   *
   * @default (session) => [session.user, session.passport]; with a `user` function, the whole session except its
   * cookie
   */
  watch?: ((session: SessionOfRequest) => unknown) | undefined;
  /**
   * The credential of the user, if there is no session store: the name of a cookie, a list of names, or a function
   * that returns the token of a request, such as that of its `Authorization` header. A name means the cookie and its
   * chunks (`name.0`, `name.1`); a name that ends with `*` means all cookies whose names begin so. When a response
   * clears the cookie, the streams that were opened with it end. When a response sets another value, `user` is called
   * with the new value in place of the old one: streams of the same user go on, others end. `null`: there is no
   * credential to watch, and you call `hub.refresh()` yourself. @default none, with a process warning if needed
   */
  credential?: string | readonly string[] | CredentialFunction | null | undefined;
  /**
   * Returns whether a credential is still valid. It is called for each stream that is opened, and once per distinct
   * credential every `revalidateMs`. Unless the answer is `true`, the streams end. It finds credentials that are
   * revoked without a response that clears the cookie. @default none
   */
  verify?: Verify | undefined;
  /**
   * Origins whose pages may read streams with the user's cookies, besides the server's own, such as
   * `"https://app.example.com"`, or `"capacitor://localhost"` of a packaged app. Each is written as browsers
   * send it; there are no wildcards. @default []
   */
  allowedOrigins?: readonly string[] | undefined;
  /**
   * The path of the browser client, below the path that `sse()` is mounted at; `null`: it is not served. The module
   * that tabs load to share a connection is beside it: `client-shared.js`.
   *
   * @default "/express-sse-hub/client.js"
   */
  client?: string | null | undefined;
}

/** `req.session` as the application's types have it. */
type SessionOfRequest = Express.Request extends { session: infer Session }
  ? Session
  : Readonly<Record<string, unknown>>;

/** {@link SseOptions} with every default filled in. */
export interface SseSettings {
  readonly hub: SseOptions["hub"];
  readonly statics: ReadonlyArray<StaticOptions>;
  /** `null` for the default: `req.session.user`, then `req.user`. */
  readonly user: UserResolver | null;
  readonly watch: Watch;
  /** `undefined`: the option was not given. */
  readonly credential: CredentialCookies | CredentialFunction | null | undefined;
  readonly verify: Verify | null;
  readonly allowedOrigins: readonly string[];
  /** `null`: the client is not served. */
  readonly client: string | null;
}

const CLIENT_PATH = "/express-sse-hub/client.js";

const OPTIONS = [
  "hub",
  "static",
  "user",
  "watch",
  "credential",
  "verify",
  "allowedOrigins",
  "client",
] as const;

/** Reads the options of `sse()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveSseOptions(options: SseOptions): SseSettings {
  if (isObject(options) && "broadcast" in options) {
    throw new SseHubTypeError(
      "ERR_SSE_OPTION",
      "sse() was given a hub. Expected an object of options that contains the hub: sse({ hub }).",
    );
  }
  const read = optionReader("sse", options, OPTIONS);
  const hub = read("hub", "the hub that createHub() gave", isObject);
  if (hub === undefined) {
    throw refusedOption("sse", "hub", undefined, "the hub that createHub() gave");
  }
  const roots = read("static", "a folder, { root, … } or an array of these", isStatic, []);
  const user = read("user", "a function from the request to its user", isResolver) ?? null;
  const watch = user === null ? watchUser : watchAll;
  return {
    hub: hub as SseOptions["hub"],
    statics: [roots].flat().map((root) => (typeof root === "string" ? { root } : root)),
    user,
    watch: read("watch", "a function from the session to what the user depends on", isWatch, watch),
    ...readCredential(options),
    allowedOrigins: readAllowedOrigins(options.allowedOrigins),
    client: read("client", "a path that begins with /, or null", isClientPath, CLIENT_PATH),
  };
}

function readCredential(options: SseOptions): Pick<SseSettings, "credential" | "verify"> {
  const read = optionReader("sse", options, OPTIONS);
  const given = read("credential", CREDENTIAL, isCredential);
  const verify = read("verify", "a function from a user and its credential to a boolean", isVerify);
  if (verify !== undefined && given == null) {
    const expected = "the option credential too, because verify receives the credential";
    throw refusedOption("sse", "verify", verify, expected);
  }
  const isNamed = typeof given === "string" || Array.isArray(given);
  return {
    credential: isNamed
      ? new CredentialCookies([given as string | readonly string[]].flat())
      : (given as CredentialFunction | null | undefined),
    verify: verify ?? null,
  };
}

const CREDENTIAL =
  "the name of a cookie, a list of names, a function that returns the token of a request, or null for none";

function isCredential(value: unknown): value is NonNullable<SseOptions["credential"]> | null {
  if (value === null || typeof value === "function") return true;
  const names = [value].flat();
  return names.length > 0 && names.every(isCookieName);
}

// RFC 6265, 4.1.1: a token.
function isCookieName(name: unknown): boolean {
  return typeof name === "string" && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);
}

function isVerify(value: unknown): value is Verify {
  return typeof value === "function";
}

function isWatch(value: unknown): value is Watch {
  return typeof value === "function";
}

function isResolver(value: unknown): value is UserResolver {
  return typeof value === "function";
}

function isStatic(value: unknown): value is string | StaticOptions | Array<string | StaticOptions> {
  if (Array.isArray(value)) return value.every((item) => !Array.isArray(item) && isStatic(item));
  if (isObject(value)) return isPath((value as Partial<StaticOptions>).root);
  return isPath(value);
}

function isClientPath(value: unknown): value is string | null {
  return value === null || (typeof value === "string" && /^\/[^?#]+$/.test(value));
}

function isPath(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
