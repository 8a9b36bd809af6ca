import { randomUUID } from "node:crypto";
import type { EventLog } from "express-sse-hub";
import { LOG_CONTRACT, SHARED_LOG_CONTRACT } from "express-sse-hub/log-contract";
import { redisLog } from "express-sse-hub/redis";
import { describeWith } from "../support/describe-with.js";
import { RedisCluster } from "../support/redis-cluster.js";
import { RedisSentinels } from "../support/redis-sentinel.js";
import { RedisServer } from "../support/redis.js";
import { CLIENTS, MASTER, type Servers, type Topology } from "./clients.js";

type Removable = Servers & { remove(): Promise<void> };

const START: Readonly<Record<Topology, () => Promise<Removable>>> = {
  single: async () => {
    const server = await RedisServer.create();
    return { ports: [server.port], remove: () => server.remove() };
  },
  Sentinel: () => RedisSentinels.create(MASTER),
  Cluster: () => RedisCluster.create(),
};

describe.each(["single", "Sentinel", "Cluster"] as const)(
  "redisLog with a client, %s",
  (topology) => {
    describeWith(["/usr/bin/redis-server"], "of", () => {
      let servers: Removable | undefined;

      beforeAll(async () => {
        servers = await START[topology]();
      }, 60_000);

      afterAll(() => servers?.remove());

      const rows = CLIENTS.filter((row) => row.topology === topology);

      describe.each(rows)("$name", (row) => {
        // The older versions speak through the same few lines: the contract of every log shows them.
        const contract = row.isNewest ? [...LOG_CONTRACT, ...SHARED_LOG_CONTRACT] : LOG_CONTRACT;

        it.each(contract)("$name", async (promise) => {
          const client = await row.create(servers as Servers);
          const shared = SHARED_LOG_CONTRACT.includes(promise) ? randomUUID() : undefined;
          const made: EventLog[] = [];
          const kept = promise.run(async (bounds) => {
            const log = redisLog({ client, name: shared ?? randomUUID(), ...bounds });
            made.push(log);
            await log.catchUp();
            return log;
          });
          await expect(kept).resolves.toBeUndefined();
          await Promise.all(made.map((log) => log.close()));
        });
      });
    });
  },
);
