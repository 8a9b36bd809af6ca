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
  const read = <T>(option: keyof ConnectOptions, preset: T): T => {
    const value: unknown = options[option];
    if (value === undefined) return preset;
    if (typeof value === typeof preset) return value as T;
    throw refused(option, value, `a ${typeof preset}`);
  };
  const readMs = (option: "maxRetryMs" | "silenceMs", preset: number): number => {
    const ms = read(option, preset);
    if (ms > 0 && ms <= MAX_TIMER_MS) return ms;
    throw refused(option, ms, "milliseconds, above 0");
  };
  return {
    shared: read("shared", false),
    withCredentials: read("withCredentials", false),
    lastEventId: options.lastEventId === undefined ? null : read("lastEventId", ""),
    maxRetryMs: readMs("maxRetryMs", 30_000),
    silenceMs: options.silenceMs === null ? null : readMs("silenceMs", 60_000),
  };
}

function refused(option: string, value: unknown, expected: string): TypeError {
  return new TypeError(
    `The option ${option} of connect() is ${String(value)}. Expected ${expected}.`,
  );
}
