import { ServerError } from "../../shared-log/server-error.js";
import { fromIoredis, fromUrl as fromUrlOfIoredis } from "./ioredis.js";
import { fromNodeRedis, fromUrl as fromUrlOfNodeRedis } from "./node-redis.js";
import type { CreateClient } from "./own-client.js";

/**
 * A client of `redis` 5 or 6 (`createClient`, `createClientPool`, `createSentinel`, `createCluster`) or of
 * `ioredis` 5 or 6 (`Redis`, also with sentinels; `Cluster`). The log makes connections of its own with the
 * client's options; it sends nothing through the client, and never closes it. A client of
 * `createClientPool()` or `createSentinel()` must be connected, because only its connections show its options.
 */
export type RedisClient =
  | { duplicate(...args: never[]): unknown }
  | { execute(...args: never[]): unknown }
  | { use(...args: never[]): unknown };

/** Makes clients with the options of the given client; `null` if it is not a client of a known library. */
export function createFrom(client: object): CreateClient | null {
  return fromIoredis(client) ?? fromNodeRedis(client);
}

/** Makes clients for a URL with the library that is installed. */
export function createFromUrl(url: string): CreateClient {
  let library: CreateClient | undefined;
  return async (key) => {
    if (library !== undefined) return library(key);
    for (const candidate of [fromUrlOfNodeRedis(url), fromUrlOfIoredis(url)]) {
      try {
        const client = await candidate(key);
        library = candidate;
        return client;
      } catch (cause) {
        if (!isMissing(cause)) throw cause;
      }
    }
    throw new ServerError(new URL(url).host, new Error(NEITHER));
  };
}

// ERR_MODULE_NOT_FOUND from import(), MODULE_NOT_FOUND in the CommonJS build, where it is require().
function isMissing(cause: unknown): boolean {
  return String((cause as { code?: unknown } | null)?.code).endsWith("MODULE_NOT_FOUND");
}

const NEITHER =
  "redisLog({ url }) needs the package redis or ioredis, but neither could be loaded. " +
  "Run: npm install redis";
