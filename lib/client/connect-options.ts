import { MAX_TIMER_MS } from "./max-timer-ms.js";

/** Headers as in `fetch`. */
export type RequestHeaders = NonNullable<RequestInit["headers"]>;

/** A body as in `fetch`, but not a stream, because a stream cannot be sent twice. */
export type RequestBody = NonNullable<RequestInit["body"]>;

/** The argument of a function for `headers`. */
export interface Tried {
  /** The number of this try since the stream was last open, from 1. */
  readonly attempt: number;
  /** The status of the answer before; `undefined` if there was no answer, or if it was a stream. */
  readonly status: number | undefined;
}

/** Options of {@link connect}. An unknown key is an error. */
export interface ConnectOptions {
  /**
   * One connection for all tabs of this origin that open the same URL, because HTTP/1.1 allows a browser only six to
   * a host. Without Web Locks, as on plain HTTP other than localhost, each tab has its own connection.
   * @default false
   */
  shared?: boolean | undefined;
  /** The method of each request. @default "GET", or "POST" with a body */
  method?: string | undefined;
  /** Sent with every try, so it cannot be a stream. @default none */
  body?: RequestBody | undefined;
  /**
   * Headers of each request, or a function that returns them before every try. After a 401 the function is called
   * once more, with the status, so that it can renew a token; after a second 401 in a row the stream ends as
   * `unauthorized`. If the function throws or rejects, the stream waits and tries again.
   * @default none
   */
  headers?:
    RequestHeaders | ((tried: Tried) => RequestHeaders | Promise<RequestHeaders>) | undefined;
  /** As in `fetch`. @default "same-origin", or "include" with `withCredentials` */
  credentials?: "omit" | "same-origin" | "include" | undefined;
  /** Called instead of the global `fetch` for the stream. @default none */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Closes the stream when it is aborted. @default none */
  signal?: AbortSignal | undefined;
  /**
   * Called with every answer, and awaited. It may read the body of an answer that is not a stream. If it reads the
   * body of a stream, the stream breaks.
   * @default none
   */
  onResponse?: ((response: Response) => unknown) | undefined;
  /** Sends cookies to another origin, which must allow it (`allowedOrigins`). @default false */
  withCredentials?: boolean | undefined;
  /** The id of the newest event that the page already has: the stream begins after it. @default none */
  lastEventId?: string | undefined;
  /** The longest wait between two tries in milliseconds, up to a half more or less. @default 30_000 */
  maxRetryMs?: number | undefined;
  /**
   * Milliseconds without a byte after which the connection counts as lost. Set it to more than twice the hub's
   * `heartbeatMs`. `null`: never. @default 60_000
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

// The types of the options without a preset, for checks and messages.
const TYPES: Partial<Record<Option, string>> = {
  body: "string or object, no stream",
  headers: "object or function",
  fetch: "function",
  signal: "object",
  onResponse: "function",
  lastEventId: "string",
};

// Options that cannot be used with `shared`, because another tab does not have their values.
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
  if (settings.shared && own !== undefined) throw refused("shared", true, `false with ${own}`);
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

// A ReadableStream, a stream of Node, or an async generator.
function isStream(value: unknown): boolean {
  return "getReader" in Object(value) || Symbol.asyncIterator in Object(value);
}

function refused(option: Option, value: unknown, expected: string): TypeError {
  return new TypeError(
    `The option ${option} of connect() is ${String(value)}. Expected ${expected}.`,
  );
}
