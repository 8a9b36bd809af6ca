import { MAX_TIMER_MS } from "./max-timer-ms.js";

/** Options of {@link connect}. An unknown key is an error. */
export interface ConnectOptions {
  /**
   * One connection for all tabs of this origin that ask for the same URL: HTTP/1.1 allows a browser six.
   * Where Web Locks are missing (pages that are not HTTPS, but for localhost), each tab has its own.
   * @default false
   */
  shared?: boolean | undefined;
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
  readonly withCredentials: boolean;
  readonly lastEventId: string | null;
  readonly maxRetryMs: number;
  readonly silenceMs: number | null;
}

const OPTIONS = ["shared", "withCredentials", "lastEventId", "maxRetryMs", "silenceMs"];

/** Reads the options of `connect()`. @throws TypeError */
export function resolveConnectOptions(options: ConnectOptions): ConnectSettings {
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`connect() knows no option ${unknown}. It knows: ${OPTIONS.join(", ")}.`);
  }
  const { shared, withCredentials, lastEventId, maxRetryMs, silenceMs } = options;
  return {
    shared: read("shared", shared, false),
    withCredentials: read("withCredentials", withCredentials, false),
    lastEventId: lastEventId === undefined ? null : read("lastEventId", lastEventId, ""),
    maxRetryMs: readMs("maxRetryMs", maxRetryMs, 30_000),
    silenceMs: silenceMs === null ? null : readMs("silenceMs", silenceMs, 60_000),
  };
}

function read<T>(option: string, value: T | undefined, preset: T): T {
  if (value === undefined) return preset;
  if (typeof value === typeof preset) return value;
  throw refused(option, value, `a ${typeof preset}`);
}

function readMs(option: string, value: number | undefined, preset: number): number {
  const ms = read(option, value, preset);
  if (ms > 0 && ms <= MAX_TIMER_MS) return ms;
  throw refused(option, value, "milliseconds, above 0");
}

function refused(option: string, value: unknown, expected: string): TypeError {
  return new TypeError(
    `The option ${option} of connect() is ${String(value)}. Expected ${expected}.`,
  );
}
