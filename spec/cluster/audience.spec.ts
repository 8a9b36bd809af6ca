import { Random } from "../model/random.js";
import { isWrong, runTrials, TRIALS } from "../session/trials.js";
import { withDelays } from "../support/delays.js";
import { describeWithRedis } from "../support/redis.js";
import { changesSettleAtOnce } from "../support/settling.js";
import { Cluster, sharedMemory, sharedRedis } from "./cluster.js";
import { runNodeTrials } from "./node-trials.js";

const SEED = Number(process.env.SEED ?? 1);
const MANY = { count: Number(process.env.TRIALS ?? 100), atOnce: 4 };
// To be behind, a reader needs 6 MB in the kernel's buffers, and they go through Redis to three nodes.
const MINUTES = 5 * 60_000;

describeWithRedis("an administrator who is none any more, on three nodes", (urlOf) => {
  it.each(["/demote", "/logout"] as const)(
    "is told nothing on any of them that is sent after the answer to %s, and all others are told",
    async (path) => {
      const createStore = await sharedRedis(urlOf());
      const [, ...nodes] = await Cluster.open({ url: urlOf(), createStore });

      const outcomes = await runNodeTrials(nodes, path, { ...MANY, seed: SEED * 1_000 });

      expect(outcomes.wrong).toEqual([]);
      expect(outcomes.count).toBe(MANY.count);
      process.stderr.write(`${path}: ${outcomes.summary}\n`);
    },
    MINUTES,
  );

  it.each(Object.keys(TRIALS))(
    "is told nothing where the stream, the change and the sender are on different nodes: %s",
    async (name) => {
      // So the sessions are read only once, as those that were changed long ago.
      changesSettleAtOnce();
      const [memory, random] = [sharedMemory(), new Random(SEED)];
      const [, ...nodes] = await Cluster.open({
        url: urlOf(),
        createStore: () => withDelays(memory(), random),
        shop: { hub: { maxBufferedBytes: 1_024 } },
      });

      const outcomes = await runTrials(name, nodes, { ...MANY, seed: SEED * 1_000 });

      expect(outcomes.filter(isWrong)).toEqual([]);
      expect(outcomes).toHaveLength(MANY.count);
    },
    MINUTES,
  );
});
