import type { EventLog } from "../log/event-log.js";
import { watchingLog } from "../postgres/postgres-log.js";
import { publisher as postgresPublisher } from "../postgres/publisher.js";
import type { Publisher } from "../publish/publisher.js";
import { publisher as redisPublisher } from "../redis/publisher.js";
import { redisLog } from "../redis/redis-log.js";
import { UsageError } from "./usage.js";

/** Which log is meant. */
export type LogPlace =
  | { readonly server: "redis"; readonly url: string; readonly name: string | undefined }
  | {
      readonly server: "postgres";
      readonly connectionString: string;
      readonly schema: string | undefined;
      readonly name: string | undefined;
    };

/** The options that say where a log is. */
export interface PlaceOptions {
  readonly redis?: string;
  readonly postgres?: string;
  readonly schema?: string;
  readonly name?: string;
}

// How much the log keeps is for its nodes to say: this process lets nothing go.
const BOUNDS = {
  maxEvents: Number.MAX_SAFE_INTEGER,
  maxBytes: Number.MAX_SAFE_INTEGER,
  maxAgeMs: null,
};

/** @throws UsageError */
export function readPlace({ redis, postgres, schema, name }: PlaceOptions): LogPlace {
  if (postgres !== undefined) {
    if (redis !== undefined) throw new UsageError("Give --redis or --postgres, not both.");
    return { server: "postgres", connectionString: postgres, schema, name };
  }
  if (schema !== undefined) throw new UsageError("--schema needs --postgres.");
  const url = redis ?? process.env.REDIS_URL;
  if (url === undefined || url === "") throw new UsageError(NOWHERE);
  return { server: "redis", url, name };
}

/** Opens a log to read along. It lets nothing go that the nodes keep. */
export function openLog(place: LogPlace): EventLog {
  if (place.server === "redis") {
    const { url, name } = place;
    return redisLog({ url, name });
  }
  const { connectionString, schema, name } = place;
  return watchingLog({ connectionString, schema, name });
}

/** Opens a log to publish. It lets nothing go that the nodes keep. */
export function openPublisher(place: LogPlace): Publisher {
  if (place.server === "redis") {
    const { url, name } = place;
    return redisPublisher({ ...BOUNDS, url, name });
  }
  const { connectionString, schema, name } = place;
  return postgresPublisher({ ...BOUNDS, connectionString, schema, name });
}

const NOWHERE =
  "Where the log is, is not said. Give --redis redis://host:6379, REDIS_URL in the environment, or " +
  "--postgres postgres://user@host:5432/database.";
