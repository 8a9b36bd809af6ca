import { MAX_TIMER_MS } from "./max-timer-ms.js";

/** What `fetch` takes as headers. */
export type RequestHeaders = NonNullable<RequestInit["headers"]>;

/** What `fetch` takes as a body. A stream is refused: it cannot be sent twice. */
export type RequestBody = NonNullable<RequestInit["body"]>;

/** What is known when headers are asked for. */
export interface Tried {
  /** The number of this try since the stream was open last, from 1. */
  readonly attempt: number;
  /** Of the answer to the try before; `undefined` if there was none, or if it was a stream. */
  readonly status: number | undefined;
}

/** Options of {@link connect}. An unknown key is an error. */
export interface ConnectOptions {
  /**
   * One connection for all tabs of this origin that ask for the same URL: HTTP/1.1 allows a browser six.
   * Where Web Locks are missing (pages that are not HTTPS, but for localhost), each tab has its own.
   * @default false
   */
  shared?: boolean | undefined;
  /** @default "GET", or "POST" with a body */
  method?: string | undefined;
  /** Sent with every try, so it cannot be a stream. @default none */
  body?: RequestBody | undefined;
  /**
   * Headers of the request, or a function that gives them before every try. After 401 the function is
   * asked once more, with the status, so that it can renew a token; after a second 401 in a row the stream
   * ends as `unauthorized`. If it throws or rejects, the stream waits and tries again.
   * @default none
   */
  headers?:
    RequestHeaders | ((tried: Tried) => RequestHeaders | Promise<RequestHeaders>) | undefined;
  /** As of `fetch`. @default "same-origin", or "include" with `withCredentials` */
  credentials?: "omit" | "same-origin" | "include" | undefined;
  /** Called instead of the global `fetch` for the stream. @default none */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Closes the stream when it is aborted. @default none */
  signal?: AbortSignal | undefined;
  /**
   * Called with every answer, and awaited. It can read the body of an answer that is no stream; reading
   * the body of a stream breaks it.
   * @default none
   */
  onResponse?: ((response: Response) => unknown) | undefined;
  /** Send the visitor's cookies to another origin, which must allow it (`allowedOrigins`). @default false */
  withCredentials?: boolean | undefined;
  /** Where to begin: the id of the newest event that the page knows already. @default none */
  lastEventId?: string | undefined;
  /** The most to wait between two tries, in milliseconds, give or take a half. @default 30_000 */
  maxRetryMs?: number | undefined;
  /**
   * After how many milliseconds without a byte the connection counts as lost; more than twice the hub's
   * `heartbeatMs` is sensible. `null`: never. @default 60_000
   */
  silenceMs?: number | null | undefined;
}

/** {@link ConnectOptions} with every default filled in. */
export interface ConnectSettings {
  readonly shared: boolean;
  readonly method: string;
  readonly body: RequestBody | null;
  readonly headers: NonNullable<ConnectOptions["headers"]> | null;
  readonly credentials: "omit" | "same-origin" | "include";
  readonly fetch: NonNullable<ConnectOptions["fetch"]> | null;
  readonly signal: AbortSignal | null;
  readonly onResponse: NonNullable<ConnectOptions["onResponse"]> | null;
  readonly withCredentials: boolean;
  readonly lastEventId: string | null;
  readonly maxRetryMs: number;
  readonly silenceMs: number | null;
}

const PRESETS: ConnectSettings = {
  shared: false,
  method: "GET",
  body: null,
  headers: null,
  credentials: "same-origin",
  fetch: null,
  signal: null,
  onResponse: null,
  withCredentials: false,
  lastEventId: null,
  maxRetryMs: 30_000,
  silenceMs: 60_000,
};

type Option = keyof ConnectSettings;

// What the options without a preset are.
const TYPES: Partial<Record<Option, string>> = {
  body: "string or object, no stream",
  headers: "object or function",
  fetch: "function",
  signal: "object",
  onResponse: "function",
  lastEventId: "string",
};

// Another tab cannot use what these bring.
const OF_ONE_TAB: readonly Option[] = ["method", "body", "headers", "fetch", "onResponse"];

/** Reads the options of `connect()`. @throws TypeError */
export function resolveConnectOptions(options: ConnectOptions): ConnectSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [option, value] of given) check(option as Option, value);
  const { body, withCredentials } = options;
  const settings: ConnectSettings = {
    ...PRESETS,
    ...(body !== undefined && { method: "POST" }),
    ...(withCredentials === true && { credentials: "include" }),
    ...Object.fromEntries(given),
  };
  const own = OF_ONE_TAB.find((option) => options[option] !== undefined);
  if (settings.shared && own !== undefined) throw refused("shared", true, `false, due to ${own}`);
  return settings;
}

function check(option: Option, value: unknown): void {
  const preset = PRESETS[option];
  if (preset === undefined) {
    const known = Object.keys(PRESETS).join(", ");
    throw new TypeError(`connect() knows no option ${option}. It knows: ${known}.`);
  }
  const type = typeof value;
  if (type === "number" && typeof preset === type) {
    if (Number(value) > 0 && Number(value) <= MAX_TIMER_MS) return;
    throw refused(option, value, "milliseconds, above 0");
  }
  const expected = TYPES[option] ?? typeof preset;
  if (value === null ? option !== "silenceMs" : isStream(value) || !expected.includes(type)) {
    throw refused(option, value, expected);
  }
}

// Of the web, or of Node, or a generator.
function isStream(value: unknown): boolean {
  return "getReader" in Object(value) || Symbol.asyncIterator in Object(value);
}

function refused(option: Option, value: unknown, expected: string): TypeError {
  return new TypeError(
    `The option ${option} of connect() is ${String(value)}. Expected ${expected}.`,
  );
}
