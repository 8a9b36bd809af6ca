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
  /** Where broadcasts are kept for browsers that are slow or away. @default memoryLog() */
  log?: EventLog | undefined;
  /**
   * Milliseconds between heartbeats on a quiet stream; `null` for none. The default is below the 60 s after
   * which common proxies close a quiet connection. @default 25_000
   */
  heartbeatMs?: number | null | undefined;
  /**
   * Milliseconds that a browser waits before it reconnects. With a range, the hub draws a value for each
   * connection, so that the browsers do not reconnect all at once. @default [1_000, 3_000]
   */
  retryMs?: number | readonly [min: number, max: number] | undefined;
  /** The largest data of an event, in bytes of UTF-8. @default 1_048_576 (1 MiB) */
  maxPayloadBytes?: number | undefined;
  /**
   * Bytes that may wait in one socket. Above this the connection is behind: the hub writes nothing more to it
   * until its socket drains, and then reads on from the log. @default 65_536 (64 KiB)
   */
  maxBufferedBytes?: number | undefined;
  /**
   * Milliseconds that an event may wait for others, so that they share one write to each socket. Use it if you send
   * many events a second to many browsers, and a few milliseconds do not matter. With 0, only events of one tick of
   * the event loop share a write. @default 0
   */
  coalesceMs?: number | undefined;
  /**
   * Milliseconds after which a socket is destroyed if bytes wait and it takes none of them. The browser
   * reconnects and resumes. Kernels take bytes in steps of up to 2 MB, so a browser that is always behind and
   * takes less than one step per `stallMs` (about 70 kB/s) also counts as stalled. @default 30_000
   */
  stallMs?: number | undefined;
  /** How many connections there may be. A browser above a limit is told to ask again later. @default no limits */
  limits?: Limits | undefined;
  /**
   * Milliseconds after which a stream ends, up to a fifth more or less. The browser reconnects and resumes.
   * `null` for no limit. @default 3_600_000 (1 h)
   */
  maxConnectionAgeMs?: number | null | undefined;
  /**
   * Milliseconds after which the session of an open stream is read again, or its credential verified. This finds
   * changes that this process was not told of. `null` for never. @default 60_000
   */
  revalidateMs?: number | null | undefined;
  /** What happens to open streams if the store fails to return their session, or if `verify` fails. @default "end" */
  onStoreError?: "end" | "keep" | undefined;
  /**
   * Keeps only the socket of a stream and frees its request and response, which are most of its memory. The
   * response then emits `finish` and `close` when the headers are sent, not when the stream ends: use
   * `connection.signal` to learn of the end, and `connection.close()` instead of `res.end()` or
   * `res.destroy()`. As with a WebSocket, the server's timeouts and `closeAllConnections()` do not end the
   * stream; `hub.close()` does. A client that sends more than 4 KiB after its request is disconnected. The
   * option relies on internals of Node. If they differ from what is expected, or if something stands between
   * response and socket (compression, HTTP/2, a request body that was not read), the stream is handled as
   * without this option. @default false
   */
  releaseRequest?: boolean | undefined;
}

/** {@link HubOptions} with every default filled in. */
export interface HubSettings {
  /** `null`: the hub makes a memory log. */
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
  /** Milliseconds to wait for sockets to close; then they are destroyed. @default 5_000 */
  timeoutMs?: number | undefined;
  /** Milliseconds to wait for runs of this process to end by themselves; then they end as `lost`. @default 0 */
  drainMs?: number | undefined;
}

/** {@link CloseOptions} with every default filled in. */
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
