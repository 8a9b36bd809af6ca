import { Random } from "../model/random.js";
import { isWrong, runTrials, TRIALS } from "../session/trials.js";
import { withDelays } from "../support/delays.js";
import { describeWithRedis } from "../support/redis.js";
import { Cluster, sharedMemory, sharedRedis } from "./cluster.js";
import { runNodeTrials } from "./node-trials.js";

const SEED = Number(process.env.SEED ?? 1);
const CHEAP = { count: 300, atOnce: 4 };
// A reader that is behind has some megabytes in the kernel's buffers.
const DEAR = { count: 20, atOnce: 4 };

describeWithRedis("an administrator who is none any more, on three nodes", (urlOf) => {
  it.each(["/demote", "/logout"] as const)(
    "is told nothing on any of them that is sent after the answer to %s, and all others are told",
    async (path) => {
      const createStore = await sharedRedis(urlOf());
      const [, ...nodes] = await Cluster.open({ url: urlOf(), createStore });

      const outcomes = await runNodeTrials(nodes, path, { ...CHEAP, seed: SEED * 1_000 });

      expect(outcomes.wrong).toEqual([]);
      expect(outcomes.count).toBe(CHEAP.count);
      process.stderr.write(`${path}: ${outcomes.summary}\n`);
    },
    120_000,
  );

  it.each(Object.keys(TRIALS))(
    "is told nothing where the stream, the change and the sender are on different nodes: %s",
    async (name) => {
      const [memory, random] = [sharedMemory(), new Random(SEED)];
      const [, ...nodes] = await Cluster.open({
        url: urlOf(),
        createStore: () => withDelays(memory(), random),
        shop: { hub: { maxBufferedBytes: 1_024 } },
      });

      const many = name.startsWith("behind") ? DEAR : CHEAP;
      const outcomes = await runTrials(name, nodes, { ...many, seed: SEED * 1_000 });

      expect(outcomes.filter(isWrong)).toEqual([]);
      expect(outcomes).toHaveLength(many.count);
    },
    120_000,
  );
});
