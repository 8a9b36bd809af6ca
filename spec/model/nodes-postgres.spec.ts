import { describeWithPostgres } from "../support/postgres.js";
import { describeWithRedis } from "../support/redis.js";
import { NodeProcess } from "./node-process.js";
import { faultsOfNodes } from "./nodes-oracle.js";
import { NodesWorld } from "./nodes-world.js";
import { startPostgresLog } from "./postgres-log.js";

const DRAWN_SEED = Math.floor(Math.random() * 2 ** 31);
// The name of a test tells what to set: SEED=5 npx jest spec/model/nodes-postgres.spec.ts
const SEEDS = process.env.SEED === undefined ? [1, 2, DRAWN_SEED] : [Number(process.env.SEED)];
const STEPS = 350;

describeWithPostgres("whatever befalls three nodes and their PostgreSQL", () => {
  // Sessions are in another server, so that a change can be answered while the log is away.
  describeWithRedis("with sessions in Redis", (storeUrlOf) => {
    let nodes: NodeProcess[] = [];

    beforeAll(async () => {
      const settings = { log: { url: storeUrlOf() }, maxEvents: 1 };
      const start = () => NodeProcess.start(storeUrlOf(), settings);
      nodes = await Promise.all([start(), start(), start()]);
    }, 60_000);

    afterAll(() => Promise.all(nodes.map((node) => node.kill())));

    it.each(SEEDS)(
      "each reader gets what was committed and is for it, once and in order, or is told (SEED=%d)",
      async (seed) => {
        const world = await NodesWorld.begin(seed, nodes, startPostgresLog);
        for (let step = 0; step < STEPS; step += 1) await world.step();
        await world.settle();
        const { readers, ledger, maxEvents } = world;
        expect(faultsOfNodes(readers, ledger, maxEvents)).toEqual([]);
      },
      120_000,
    );
  });
});
