import { randomUUID } from "node:crypto";
import { LOG_CONTRACT, SHARED_LOG_CONTRACT } from "express-sse-hub/log-contract";
import { redisLog } from "express-sse-hub/redis";
import { describeWithRedis } from "../support/redis.js";

describeWithRedis("redisLog", (urlOf) => {
  async function createLog(name: string, bounds: { maxEvents: number }) {
    const log = redisLog({ url: urlOf(), name, ...bounds });
    await log.catchUp();
    return log;
  }

  it.each(LOG_CONTRACT)("$name", async (promise) => {
    await expect(promise.run((bounds) => createLog(randomUUID(), bounds))).resolves.toBeUndefined();
  });

  it.each(SHARED_LOG_CONTRACT)("$name", async (promise) => {
    const name = randomUUID();
    await expect(promise.run((bounds) => createLog(name, bounds))).resolves.toBeUndefined();
  });
});
