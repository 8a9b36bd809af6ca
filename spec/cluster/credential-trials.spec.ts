import { randomUUID } from "node:crypto";
import { redisLog } from "express-sse-hub/redis";
import {
  openTrialShop,
  runCredentialTrials,
  CREDENTIAL_TRIALS,
} from "../session/credential-trials.js";
import { describeWithRedis } from "../support/redis.js";

const MINUTES = 5 * 60_000;

describeWithRedis("300 times, with stream, change and sender on different nodes", (urlOf) => {
  it.each(Object.keys(CREDENTIAL_TRIALS))(
    "nothing is told under the credential before it: %s",
    async (name) => {
      const log = { url: urlOf(), name: randomUUID() };
      const start = () => openTrialShop({ hub: { log: redisLog(log) } });
      const nodes = [await start(), await start(), await start()];
      for (const { hub } of nodes) await hub.count();
      // Each that is behind has a few megabytes in the kernel, and in this process.
      const atOnce = name.startsWith("behind") ? 2 : 8;

      expect(await runCredentialTrials(name, nodes, { count: 300, atOnce })).toEqual([]);
    },
    MINUTES,
  );
});
