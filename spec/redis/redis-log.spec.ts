import { randomUUID } from "node:crypto";
import { redisLog } from "express-sse-hub/redis";
import { LOG_CONTRACT } from "../log/log-contract.js";
import { describeWithRedis } from "../support/redis.js";

describeWithRedis("redisLog", (urlOf) => {
  it.each(LOG_CONTRACT)("$name", async (promise) => {
    const createLog = async (bounds: { maxEvents: number }) => {
      const log = redisLog({ url: urlOf(), name: randomUUID(), ...bounds });
      await log.catchUp();
      return log;
    };
    await expect(promise.run(createLog)).resolves.toBeUndefined();
  });
});
