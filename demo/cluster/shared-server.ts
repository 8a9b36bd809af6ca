import { publisher as postgresPublisher } from "express-sse-hub/postgres";
import { publisher as redisPublisher, type Publisher } from "express-sse-hub/redis";
import { findPrograms } from "./find-programs.js";
import type { Program } from "./program.js";
import { startPostgres } from "./start-postgres.js";
import { startRedis } from "./start-redis.js";

/** What the nodes share: the server that holds their events and their sessions. */
export interface SharedServer {
  readonly name: string;
  readonly url: string;
  readonly program: Program;
  /** How a node is told of it. */
  readonly env: Readonly<Record<string, string>>;
  createPublisher(): Publisher;
}

/** One kind of server. */
export interface SharedKind {
  /** What must be installed. */
  readonly programs: readonly string[];
  start(folder: string): Promise<SharedServer>;
}

export const IN_REDIS: SharedKind = {
  programs: ["redis-server"],
  start: async (folder) => {
    const { redis, url } = await startRedis(findPrograms("redis-server")["redis-server"], folder);
    return {
      name: "Redis",
      url,
      program: redis,
      env: { REDIS_URL: url },
      createPublisher: () => redisPublisher({ url }),
    };
  },
};

export const IN_POSTGRES: SharedKind = {
  programs: ["postgres", "initdb"],
  start: async (folder) => {
    const { postgres, url } = await startPostgres(findPrograms("postgres", "initdb"), folder);
    return {
      name: "PostgreSQL",
      url,
      program: postgres,
      env: { DATABASE_URL: url },
      createPublisher: () => postgresPublisher({ connectionString: url }),
    };
  },
};
