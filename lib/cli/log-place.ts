import type { EventLog } from "../log/event-log.js";
import { watchingLog } from "../postgres/postgres-log.js";
import { publisher as postgresPublisher } from "../postgres/publisher.js";
import type { Publisher } from "../publish/publisher.js";
import { publisher as redisPublisher } from "../redis/publisher.js";
import { redisLog } from "../redis/redis-log.js";
import { UsageError } from "./usage.js";

/** The log that a command works with. */
export type LogPlace =
  | { readonly server: "redis"; readonly url: string; readonly name: string | undefined }
  | {
      readonly server: "postgres";
      readonly connectionString: string;
      readonly schema: string | undefined;
      readonly name: string | undefined;
    };

/** The options that name the log. */
export interface PlaceOptions {
  readonly redis?: string;
  readonly postgres?: string;
  readonly schema?: string;
  readonly name?: string;
}

// The nodes decide how much the log keeps, so this process must not trim it.
const BOUNDS = {
  maxEvents: Number.MAX_SAFE_INTEGER,
  maxBytes: Number.MAX_SAFE_INTEGER,
  maxAgeMs: null,
};

/** Reads the options that name the log. @throws UsageError */
export function readPlace({ redis, postgres, schema, name }: PlaceOptions): LogPlace {
  if (postgres !== undefined) {
    if (redis !== undefined) {
      throw new UsageError("Both --redis and --postgres were given. Expected one of them.");
    }
    return { server: "postgres", connectionString: postgres, schema, name };
  }
  if (schema !== undefined) {
    throw new UsageError("--schema was given without --postgres. Add --postgres <url>.");
  }
  const url = redis ?? process.env.REDIS_URL;
  if (url === undefined || url === "") throw new UsageError(NOWHERE);
  return { server: "redis", url, name };
}

/** Opens a log for reading. It does not trim what the nodes keep. */
export function openLog(place: LogPlace): EventLog {
  if (place.server === "redis") {
    const { url, name } = place;
    return redisLog({ url, name });
  }
  const { connectionString, schema, name } = place;
  return watchingLog({ connectionString, schema, name });
}

/** Opens a log for publishing. It does not trim what the nodes keep. */
export function openPublisher(place: LogPlace): Publisher {
  if (place.server === "redis") {
    const { url, name } = place;
    return redisPublisher({ ...BOUNDS, url, name });
  }
  const { connectionString, schema, name } = place;
  return postgresPublisher({ ...BOUNDS, connectionString, schema, name });
}

const NOWHERE =
  "No log was named. Expected --redis redis://host:6379, REDIS_URL in the environment, or " +
  "--postgres postgres://user@host:5432/database.";
