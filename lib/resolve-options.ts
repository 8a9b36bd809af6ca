import { distance } from "fastest-levenshtein";
import type { First } from "./connection/admission.js";
import type { Limits } from "./connection/limits.js";
import type { JoinOptions } from "./express/request-stream.js";
import type { SseOptions, StaticOptions } from "./express/sse.js";
import type { Watch } from "./express/session-link.js";
import type { UserResolver } from "./express/tag-request.js";
import type { HubOptions } from "./hub.js";
import type { EventLog } from "./log/event-log.js";
import type { MemoryLogOptions } from "./log/memory-log.js";
import { SseHubTypeError, describe } from "./sse-hub-error.js";

// The only place with defaults. After it nothing is optional.

/** {@link HubOptions} with every default filled in. */
export interface HubSettings {
  /** `null` for a memory log of the hub's own. */
  readonly log: EventLog | null;
  readonly heartbeatMs: number | null;
  readonly retryMs: readonly [min: number, max: number];
  readonly maxPayloadBytes: number;
  readonly maxBufferedBytes: number;
  readonly stallMs: number;
  readonly limits: Limits;
  readonly maxConnectionAgeMs: number | null;
  readonly revalidateMs: number | null;
  readonly onStoreError: "end" | "keep";
}

/** Reads the options of `createHub()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveHubOptions(options: HubOptions): HubSettings {
  const read = reader("createHub", options, [
    "log",
    "heartbeatMs",
    "retryMs",
    "maxPayloadBytes",
    "maxBufferedBytes",
    "stallMs",
    "limits",
    "maxConnectionAgeMs",
    "revalidateMs",
    "onStoreError",
  ]);
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
  };
}

function resolveLimits(limits: Limits): Limits {
  const keys = ["connections", "perUser", "perSession", "perAddress"] as const;
  const read = reader("limits of createHub", limits, keys);
  const expected = "a whole number of connections above 0";
  return Object.fromEntries(keys.map((key) => [key, read(key, expected, isCount)]));
}

/** {@link MemoryLogOptions} with every default filled in. */
export interface MemoryLogSettings {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number | null;
}

/** Reads the options of `memoryLog()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveMemoryLogOptions(options: MemoryLogOptions): MemoryLogSettings {
  const read = reader("memoryLog", options, ["maxEvents", "maxBytes", "maxAgeMs"]);
  return {
    maxEvents: read("maxEvents", "a whole number of events above 0", isCount, 200_000),
    maxBytes: read("maxBytes", "a whole number of bytes above 0", isCount, 64 * 1_048_576),
    maxAgeMs: read("maxAgeMs", `${MILLISECONDS}, or null for no limit`, orNull(isCount), 600_000),
  };
}

/** {@link SseOptions} with every default filled in. */
export interface SseSettings {
  readonly hub: SseOptions["hub"];
  readonly statics: ReadonlyArray<StaticOptions>;
  /** `null` for the default, which depends on a session. */
  readonly user: UserResolver | null;
  readonly watch: Watch;
  readonly allowedOrigins: readonly string[];
}

/** Reads the options of `sse()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveSseOptions(options: SseOptions): SseSettings {
  const read = reader("sse", options, ["hub", "static", "user", "watch", "allowedOrigins"]);
  const hub = read("hub", "the hub that createHub() gave", isObject);
  if (hub === undefined) {
    throw refused("sse", "hub", undefined, "the hub that createHub() gave");
  }
  const roots = read("static", "a folder, { root, … } or an array of these", isStatic, []);
  return {
    hub: hub as SseOptions["hub"],
    statics: [roots].flat().map((root) => (typeof root === "string" ? { root } : root)),
    user: read("user", "a function from the request to its user", isResolver) ?? null,
    watch: read(
      "watch",
      "a function from the session to what the user depends on",
      isWatch,
      watchUser,
    ),
    allowedOrigins: read(
      "allowedOrigins",
      'an array such as ["https://example.com"]',
      isOrigins,
      [],
    ),
  };
}

/** Reads the options of `req.sse.join()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveJoinOptions(options: JoinOptions): {
  readonly rooms: readonly string[];
  readonly first: First | null;
} {
  const read = reader("req.sse.join", options, ["rooms", "first"]);
  return {
    rooms: read("rooms", "an array of rooms", isArray, []) as readonly string[],
    first: read("first", "a function that gives [event, data]", isFirst) ?? null,
  };
}

/** The options of `hub.close()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveCloseOptions(options: { timeoutMs?: number | undefined }): {
  readonly timeoutMs: number;
} {
  const read = reader("hub.close", options, ["timeoutMs"]);
  return { timeoutMs: read("timeoutMs", MILLISECONDS, isTimer, 5_000) };
}

const MILLISECONDS = "a whole number of milliseconds from 1 to 2147483647";

type Check<T> = (value: unknown) => value is T;

interface Read {
  <T>(key: string, expected: string, check: Check<T>): T | undefined;
  <T>(key: string, expected: string, check: Check<T>, preset: T): T;
}

function reader(owner: string, options: unknown, keys: readonly string[]): Read {
  if (!isObject(options)) {
    throw new SseHubTypeError(
      "ERR_SSE_OPTION",
      `The options of ${owner}() are ${describe(options)}. Expected an object of: ${keys.join(", ")}.`,
    );
  }
  for (const key of Object.keys(options)) {
    if (!keys.includes(key)) throw unknownKey(owner, key, keys);
  }
  return <T>(key: string, expected: string, check: Check<T>, preset?: T) => {
    const value = (options as Record<string, unknown>)[key];
    if (value === undefined) return preset;
    if (!check(value)) throw refused(owner, key, value, expected);
    return value as T;
  };
}

function unknownKey(owner: string, key: string, keys: readonly string[]): SseHubTypeError {
  const [nearest = ""] = keys.toSorted((a, b) => distance(key, a) - distance(key, b));
  return new SseHubTypeError(
    "ERR_SSE_OPTION",
    `${owner}() does not know the option ${describe(key)}. Did you mean ${nearest}? ` +
      `It knows: ${keys.join(", ")}.`,
  );
}

function refused(owner: string, key: string, value: unknown, expected: string): SseHubTypeError {
  return new SseHubTypeError(
    "ERR_SSE_OPTION",
    `The option ${key} of ${owner}() is ${describe(value)}. Expected ${expected}.`,
  );
}

function toRange(value: number | readonly [number, number]): readonly [number, number] {
  return typeof value === "number" ? [value, value] : value;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isFirst(value: unknown): value is First {
  return typeof value === "function";
}

function isWatch(value: unknown): value is Watch {
  return typeof value === "function";
}

const watchUser: Watch = ({ user, passport }) => [user, passport];

function isOrigins(value: unknown): value is readonly string[] {
  return isArray(value) && value.every(isOrigin);
}

// "null" is the origin of every sandboxed page, so allowing it would allow anybody.
function isOrigin(value: unknown): boolean {
  return typeof value === "string" && URL.canParse(value) && new URL(value).origin === value;
}

function isResolver(value: unknown): value is UserResolver {
  return typeof value === "function";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

// Above 2^31 - 1 ms a timer of Node fires at once.
function isTimer(value: unknown): value is number {
  return isCount(value) && value <= 2_147_483_647;
}

function isStoreError(value: unknown): value is "end" | "keep" {
  return value === "end" || value === "keep";
}

function isRetry(value: unknown): value is number | readonly [number, number] {
  if (!Array.isArray(value)) return value === 0 || isTimer(value);
  const [min, max] = value as unknown[];
  return value.length === 2 && isRetry(min) && isRetry(max) && Number(min) <= Number(max);
}

function orNull<T>(check: Check<T>): Check<T | null> {
  return (value): value is T | null => value === null || check(value);
}

function isLog(value: unknown): value is EventLog {
  return isObject(value) && ["append", "read", "follow", "close"].every((key) => key in value);
}

function isStatic(value: unknown): value is string | StaticOptions | Array<string | StaticOptions> {
  if (Array.isArray(value)) return value.every((item) => !Array.isArray(item) && isStatic(item));
  if (isObject(value)) return isPath((value as Partial<StaticOptions>).root);
  return isPath(value);
}

function isPath(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
