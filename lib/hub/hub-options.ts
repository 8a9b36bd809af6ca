import type { Limits } from "../admission/limits.js";
import type { EventLog } from "../log/event-log.js";
import {
  MILLISECONDS,
  isCount,
  isObject,
  isTimer,
  optionReader,
  orNull,
} from "../options/option-reader.js";

/** Options of `createHub()`. An unknown key is an error. */
export interface HubOptions {
  /** Where broadcasts are kept for readers that are behind or away. @default memoryLog() */
  log?: EventLog | undefined;
  /**
   * Milliseconds between signs of life on a quiet stream; `null` for none. Below the 60 s after which
   * common proxies give up. @default 25_000
   */
  heartbeatMs?: number | null | undefined;
  /**
   * Milliseconds a browser waits before it returns, or a range to draw from for each connection, so
   * that returns spread out. @default [1_000, 3_000]
   */
  retryMs?: number | readonly [min: number, max: number] | undefined;
  /** The most an event's data may be, in bytes of UTF-8. @default 1_048_576 (1 MiB) */
  maxPayloadBytes?: number | undefined;
  /**
   * Bytes that may wait in one socket before its connection is behind: from then on nothing is pushed,
   * and it reads on from the log when its socket drains. @default 65_536 (64 KiB)
   */
  maxBufferedBytes?: number | undefined;
  /**
   * Milliseconds that an event may wait for others before it is written to the sockets, which are then written to
   * once for all of them. Use it where many events a second go to many browsers and a few milliseconds do not
   * matter. With 0, only events of one tick of the event loop share a write. @default 0
   */
  coalesceMs?: number | undefined;
  /**
   * Milliseconds without one byte taken, while bytes wait, after which a socket is destroyed. The
   * browser returns and resumes. Kernels take bytes in steps of up to 2 MB, so a reader that is always
   * behind and slower than a step per `stallMs` (about 70 kB/s) is seen as stalled. @default 30_000
   */
  stallMs?: number | undefined;
  /** How many connections there may be; one above is put off. @default no limits */
  limits?: Limits | undefined;
  /**
   * Milliseconds after which a stream ends, give or take a fifth; its browser returns and resumes.
   * `null` for no limit. @default 3_600_000 (1 h)
   */
  maxConnectionAgeMs?: number | null | undefined;
  /**
   * Milliseconds after which the session of an open stream is read again, or its credential verified, for
   * changes that nothing in this process told of; `null` for never. @default 60_000
   */
  revalidateMs?: number | null | undefined;
  /** What becomes of open streams whose session the store fails to give, or `verify` to verify. @default "end" */
  onStoreError?: "end" | "keep" | undefined;
  /**
   * Keeps only the socket of a stream and lets go of its request and response, which are most of its
   * memory. The application then sees `finish` and `close` of the response when the headers are out,
   * not when the stream ends: use `connection.signal` for that, and `connection.close()` where
   * `res.end()` or `res.destroy()` would have ended it. As with a WebSocket, the server's timeouts and
   * `closeAllConnections()` do not reach the stream; `hub.close()` does. More than 4 KiB sent behind
   * the request closes it. It rests on what Node does inside; where that is not as it is known, or
   * anything stands between response and socket (compression, HTTP/2, a body that nobody has read),
   * the stream is kept as it is without this option. @default false
   */
  releaseRequest?: boolean | undefined;
}

/** {@link HubOptions} with every default filled in. */
export interface HubSettings {
  /** `null` for a memory log of the hub's own. */
  readonly log: EventLog | null;
  readonly heartbeatMs: number | null;
  readonly retryMs: readonly [min: number, max: number];
  readonly maxPayloadBytes: number;
  readonly maxBufferedBytes: number;
  readonly coalesceMs: number;
  readonly stallMs: number;
  readonly limits: Limits;
  readonly maxConnectionAgeMs: number | null;
  readonly revalidateMs: number | null;
  readonly onStoreError: "end" | "keep";
  readonly releaseRequest: boolean;
}

/** Reads the options of `createHub()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveHubOptions(options: HubOptions): HubSettings {
  const read = optionReader("createHub", options, HUB_OPTIONS);
  return {
    log: read("log", "an event log such as memoryLog()", isLog) ?? null,
    heartbeatMs: read("heartbeatMs", `${MILLISECONDS}, or null for none`, orNull(isTimer), 25_000),
    retryMs: toRange(
      read("retryMs", `${MILLISECONDS}, 0, or [min, max] of these`, isRetry, [
        1_000, 3_000,
      ] as const),
    ),
    maxPayloadBytes: read("maxPayloadBytes", "a whole number of bytes above 0", isCount, 1_048_576),
    maxBufferedBytes: read("maxBufferedBytes", "a whole number of bytes above 0", isCount, 65_536),
    coalesceMs: read("coalesceMs", `0, or ${MILLISECONDS}`, isPause, 0),
    stallMs: read("stallMs", MILLISECONDS, isTimer, 30_000),
    limits: resolveLimits(read("limits", "an object of limits", isObject, {})),
    maxConnectionAgeMs: read(
      "maxConnectionAgeMs",
      `${MILLISECONDS}, or null for no limit`,
      orNull(isTimer),
      3_600_000,
    ),
    revalidateMs: read(
      "revalidateMs",
      `${MILLISECONDS}, or null for never`,
      orNull(isTimer),
      60_000,
    ),
    onStoreError: read("onStoreError", '"end" or "keep"', isStoreError, "end"),
    releaseRequest: read("releaseRequest", "true or false", isBoolean, false),
  };
}

const HUB_OPTIONS = [
  "log",
  "heartbeatMs",
  "retryMs",
  "maxPayloadBytes",
  "maxBufferedBytes",
  "coalesceMs",
  "stallMs",
  "limits",
  "maxConnectionAgeMs",
  "revalidateMs",
  "onStoreError",
  "releaseRequest",
] as const;

/** Options of `hub.close()`. */
export interface CloseOptions {
  /** Milliseconds that sockets have to close. @default 5_000 */
  timeoutMs?: number | undefined;
  /** Milliseconds that runs of this process have to end by themselves. @default 0 */
  drainMs?: number | undefined;
}

/** The same with nothing left out. */
export type CloseSettings = Readonly<{ timeoutMs: number; drainMs: number }>;

/** Reads the options of `hub.close()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveCloseOptions(options: CloseOptions): CloseSettings {
  const read = optionReader("hub.close", options, ["timeoutMs", "drainMs"]);
  return {
    timeoutMs: read("timeoutMs", MILLISECONDS, isTimer, 5_000),
    drainMs: read("drainMs", `0, or ${MILLISECONDS}`, isPause, 0),
  };
}

function isPause(value: unknown): value is number {
  return value === 0 || isTimer(value);
}

function resolveLimits(limits: Limits): Limits {
  const keys = ["connections", "perUser", "perSession", "perAddress"] as const;
  const read = optionReader("limits of createHub", limits, keys);
  const expected = "a whole number of connections above 0";
  return Object.fromEntries(keys.map((key) => [key, read(key, expected, isCount)]));
}

function toRange(value: number | readonly [number, number]): readonly [number, number] {
  return typeof value === "number" ? [value, value] : value;
}

function isRetry(value: unknown): value is number | readonly [number, number] {
  if (!Array.isArray(value)) return value === 0 || isTimer(value);
  const [min, max] = value as unknown[];
  return value.length === 2 && isRetry(min) && isRetry(max) && Number(min) <= Number(max);
}

function isStoreError(value: unknown): value is "end" | "keep" {
  return value === "end" || value === "keep";
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isLog(value: unknown): value is EventLog {
  return isObject(value) && LOG_MEMBERS.every((key) => key in value);
}

const LOG_MEMBERS: ReadonlyArray<keyof EventLog> = [
  "isShared",
  "epoch",
  "head",
  "trimmed",
  "stale",
  "retained",
  "size",
  "sessionLabel",
  "health",
  "append",
  "read",
  "catchUp",
  "tell",
  "ask",
  "follow",
  "close",
];
