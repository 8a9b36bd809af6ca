/**
 * The members that Express 4 and 5, cookie parsers and body parsers add to a request, as far as a `user` function
 * needs them. They are declared here so that the types of this package do not need the types of Express.
 */
export interface ExpressRequest {
  get(name: "set-cookie"): string[] | undefined;
  get(name: string): string | undefined;
  header(name: "set-cookie"): string[] | undefined;
  header(name: string): string | undefined;
  /** Added by the middleware cookie-parser. */
  readonly cookies: Parsed;
  readonly signedCookies: Parsed;
  /** Added by a body parser that is mounted before `sse()`. */
  readonly body: Parsed;
  readonly query: RequestQuery;
  /** The address of the browser, which depends on the setting `trust proxy`. */
  readonly ip: string | undefined;
  readonly ips: string[];
  readonly hostname: string;
  readonly protocol: string;
  readonly secure: boolean;
  readonly path: string;
  readonly baseUrl: string;
  readonly originalUrl: string;
}

// The same type as in Express: only the application knows what its parser returns.
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what compiles in a route compiles here
type Parsed = any;

/** The query of a URL, as Express parses it. */
export interface RequestQuery {
  [name: string]: string | RequestQuery | Array<string | RequestQuery> | undefined;
}
