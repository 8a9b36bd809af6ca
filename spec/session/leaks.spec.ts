import { RedisStore } from "connect-redis";
import { MemoryStore } from "express-session";
import { createClient } from "redis";
import { Random } from "../model/random.js";
import { withDelays } from "../support/delays.js";
import { onTestEnd } from "../support/disposers.js";
import { describeWithRedis } from "../support/redis.js";
import { isWrong, openTrialShop, runTrials, TRIALS } from "./trials.js";

// Those that are cheap; a reader that is behind has some megabytes in the kernel's buffers.
// More at once would keep the event loop so busy that delays of milliseconds change no order.
const CHEAP = { count: 300, atOnce: 4 };
const DEAR = { count: 40, atOnce: 5 };
const SEED = Number(process.env.SEED ?? 1);
const NAMES = Object.keys(TRIALS);
const isDear = (name: string) => name.startsWith("behind");

describe("an administrator who is none any more, with a slow store in memory", () => {
  it.each(NAMES)(
    "is told nothing that is sent from then on, and all that is for everybody: %s [session-1] [shared-6]",
    async (name) => {
      const shop = await openTrialShop(withDelays(new MemoryStore(), new Random(SEED)));

      const many = isDear(name) ? DEAR : CHEAP;
      const outcomes = await runTrials(name, [shop], { ...many, seed: SEED * 1_000 });

      expect(outcomes.filter(isWrong)).toEqual([]);
      expect(outcomes).toHaveLength(many.count);
    },
    120_000,
  );
});

describeWithRedis("an administrator who is none any more, with connect-redis", (urlOf) => {
  it.each(NAMES)(
    "is told nothing that is sent from then on, and all that is for everybody: %s",
    async (name) => {
      const client = await createClient({ url: urlOf() }).connect();
      onTestEnd(() => {
        client.destroy();
      });
      const shop = await openTrialShop(withDelays(new RedisStore({ client }), new Random(SEED)));

      const many = isDear(name) ? DEAR : CHEAP;
      const outcomes = await runTrials(name, [shop], { ...many, seed: SEED * 1_000 });

      expect(outcomes.filter(isWrong)).toEqual([]);
      expect(outcomes).toHaveLength(many.count);
    },
    120_000,
  );
});
