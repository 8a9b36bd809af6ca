import { RedisStore } from "connect-redis";
import { MemoryStore } from "express-session";
import { createClient } from "redis";
import { Random } from "../model/random.js";
import { withDelays } from "../support/delays.js";
import { onTestEnd } from "../support/disposers.js";
import { describeWithRedis } from "../support/redis.js";
import { changesSettleAtOnce } from "../support/settling.js";
import { isWrong, openTrialShop, runTrials, TRIALS } from "./trials.js";

// More at once would keep the event loop so busy that delays of milliseconds change no order.
const MANY = { count: Number(process.env.TRIALS ?? 100), atOnce: 4 };
const SEED = Number(process.env.SEED ?? 1);
const NAMES = Object.keys(TRIALS);
// To be behind, a reader needs 6 MB in the kernel's buffers: 70 ms a trial, some ten times as long as the others.
const MINUTES = 5 * 60_000;

describe("an administrator who is none any more, with a slow store in memory", () => {
  // So the sessions are read only once, as those that were changed long ago.
  beforeEach(changesSettleAtOnce);

  it.each(NAMES)(
    "is told nothing that is sent from then on, and all that is for everybody: %s [session-1] [shared-6]",
    async (name) => {
      const shop = await openTrialShop(withDelays(new MemoryStore(), new Random(SEED)));

      const outcomes = await runTrials(name, [shop], { ...MANY, seed: SEED * 1_000 });

      expect(outcomes.filter(isWrong)).toEqual([]);
      expect(outcomes).toHaveLength(MANY.count);
    },
    MINUTES,
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

      const outcomes = await runTrials(name, [shop], { ...MANY, seed: SEED * 1_000 });

      expect(outcomes.filter(isWrong)).toEqual([]);
      expect(outcomes).toHaveLength(MANY.count);
    },
    MINUTES,
  );
});
