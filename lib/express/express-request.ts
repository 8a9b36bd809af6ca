/**
 * What Express 4 and 5, and the parsers of cookies and bodies, put on a request, as far as a function that looks
 * for the user needs it. Written down here, so that the types of this package need none of Express.
 */
export interface ExpressRequest {
  get(name: "set-cookie"): string[] | undefined;
  get(name: string): string | undefined;
  header(name: "set-cookie"): string[] | undefined;
  header(name: string): string | undefined;
  /** Of the middleware cookie-parser. */
  readonly cookies: Parsed;
  readonly signedCookies: Parsed;
  /** Of a body parser that is mounted before `sse()`. */
  readonly body: Parsed;
  readonly query: RequestQuery;
  /** The address of the browser, as the setting `trust proxy` has it. */
  readonly ip: string | undefined;
  readonly ips: string[];
  readonly hostname: string;
  readonly protocol: string;
  readonly secure: boolean;
  readonly path: string;
  readonly baseUrl: string;
  readonly originalUrl: string;
}

// As Express has it: whoever mounts a parser knows what comes of it.
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what compiles in a route compiles here
type Parsed = any;

/** The query of a URL, as Express parses it. */
export interface RequestQuery {
  [name: string]: string | RequestQuery | Array<string | RequestQuery> | undefined;
}
