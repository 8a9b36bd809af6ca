import { parseUrl } from "../options/parse-url.js";
import { isObject, optionReader, refusedOption, type Check } from "../options/option-reader.js";
import { SseHubTypeError } from "../errors/sse-hub-error.js";
import type { CreateClient } from "./client/own-client.js";
import { createFrom, createFromUrl, type RedisClient } from "./client/redis-client.js";
import {
  isText,
  readSharedLogSettings,
  type SharedLogSettings,
} from "../shared-log/shared-log-settings.js";

/** Options of a `redisLog()`. Give the same on all nodes of an application. */
export interface RedisLogOptions {
  /** The address of Redis: `redis[s]://[user:password@]host[:port][/database]`. Give this or `client`. */
  url?: string | undefined;
  /** A client of `redis` or `ioredis`. The log opens connections of its own with the options of this client. */
  client?: RedisClient | undefined;
  /** The name of the log: its keys begin with `{name}:`. 1 to 64 of `[A-Za-z0-9_-]`. @default "sse" */
  name?: string | undefined;
  /**
   * The key with which session ids are hashed. Someone who can read Redis then cannot tell to which sessions the
   * hashes belong, even if they know some session ids. The same on every node. `null`: a fixed key that anybody can
   * know. @default null
   */
  secret?: string | null | undefined;
  /** Number of events kept. @default 200_000 */
  maxEvents?: number | undefined;
  /** Bytes of all events together. @default 67_108_864 (64 MiB) */
  maxBytes?: number | undefined;
  /** Milliseconds for which an event is kept; `null` for no limit. @default 600_000 */
  maxAgeMs?: number | null | undefined;
  /** Milliseconds that a broadcast waits for Redis before it is rejected. @default 5_000 */
  deadlineMs?: number | undefined;
}

/** {@link RedisLogOptions} with every default filled in. */
export interface RedisLogSettings extends SharedLogSettings {
  readonly createClient: CreateClient;
  readonly name: string;
}

/** Reads the options of `redisLog()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveRedisLogOptions(options: RedisLogOptions): RedisLogSettings {
  const read = optionReader("redisLog", options, [
    "url",
    "client",
    "name",
    "secret",
    "maxEvents",
    "maxBytes",
    "maxAgeMs",
    "deadlineMs",
  ]);
  const url = read("url", "a string", isText);
  const client = read("client", CLIENTS, isObject);
  return {
    createClient: toCreateClient(url, client),
    name: read("name", "1 to 64 of A-Z, a-z, 0-9, _ and -", isName, "sse"),
    ...readSharedLogSettings(read),
  };
}

function toCreateClient(url: string | undefined, client: object | undefined): CreateClient {
  if ((url === undefined) === (client === undefined)) {
    const given = url === undefined ? "neither url nor client" : "both url and client";
    throw new SseHubTypeError(
      "ERR_SSE_OPTION",
      `redisLog() was given ${given}. Expected exactly one of them: the url of Redis, or a client whose options to use.`,
    );
  }
  if (url !== undefined) {
    if (isRedisUrl(url)) return createFromUrl(url);
    const given = url.replace(/\/\/.*@/, "//…@");
    throw refusedOption("redisLog", "url", given, 'a URL such as "redis://localhost:6379"');
  }
  const create = createFrom(client ?? {});
  if (create === null) throw refusedOption("redisLog", "client", client, CLIENTS);
  return create;
}

const CLIENTS =
  "a client of redis 5 or 6 (createClient, createClientPool, createSentinel, createCluster) or of " +
  "ioredis 5 or 6 (Redis, Cluster)";

const isName: Check<string> = (value): value is string =>
  typeof value === "string" && /^[A-Za-z0-9_-]{1,64}$/.test(value);

function isRedisUrl(url: string): boolean {
  return /^rediss?:\/\//.test(url) && parseUrl(url) !== undefined;
}
