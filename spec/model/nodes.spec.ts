import { describeWithRedis } from "../support/redis.js";
import { startClusterLog } from "./cluster-log.js";
import { NodeProcess } from "./node-process.js";
import { faultsOfNodes } from "./nodes-oracle.js";
import { NodesWorld } from "./nodes-world.js";
import { startSingleLog } from "./single-log.js";

const FIXED_SEEDS = [1, 2, 3];
const DRAWN_SEED = Math.floor(Math.random() * 2 ** 31);
// The name of a test tells what to set: SEED=5 npx jest spec/model/nodes.spec.ts
const SEEDS =
  process.env.SEED === undefined ? [...FIXED_SEEDS, DRAWN_SEED] : [Number(process.env.SEED)];
const STEPS = 350;
const KILLS = 20;

describeWithRedis("whatever befalls three nodes and their Redis", (storeUrlOf) => {
  let nodes: NodeProcess[] = [];
  // What the readers were told: a run in which nothing happens shows nothing.
  const told = new Set<string>();

  beforeAll(async () => {
    const settings = { log: { url: storeUrlOf() }, maxEvents: 1 };
    const start = () => NodeProcess.start(storeUrlOf(), settings);
    nodes = await Promise.all([start(), start(), start()]);
  }, 60_000);

  afterAll(() => Promise.all(nodes.map((node) => node.kill())));

  it.each(SEEDS)(
    "each reader gets what is for it, once and in order, or is told (SEED=%d)",
    async (seed) => {
      const world = await NodesWorld.begin(seed, nodes, startSingleLog);
      for (let step = 0; step < STEPS; step += 1) await world.step();
      await world.settle();
      const { readers, ledger, maxEvents } = world;
      expect(faultsOfNodes(readers, ledger, maxEvents)).toEqual([]);
      for (const said of verdictsOf(world)) told.add(said);
    },
    90_000,
  );

  it(`the same, while the master of a cluster's slot is killed ${KILLS} times (SEED=${SEEDS.at(-1)})`, async () => {
    const world = await NodesWorld.begin(SEEDS.at(-1) as number, nodes, startClusterLog);
    while (world.faults.filter((kind) => kind === "killMaster").length < KILLS) await world.step();
    await world.settle();
    const { readers, ledger, maxEvents } = world;
    expect(faultsOfNodes(readers, ledger, maxEvents)).toEqual([]);
    expect(verdictsOf(world)).toEqual(expect.arrayContaining(["hub:open false epoch"]));
  }, 180_000);

  // One run alone does not show everything.
  if (process.env.SEED !== undefined) return;

  it("includes returns that go on, losses, and users that change", () => {
    expect([...told]).toEqual(
      expect.arrayContaining(["hub:open true", "hub:end user", "hub:end refresh", "hub:tick"]),
    );
    // In which of the ways a reader is told of a loss depends on where it happens to be.
    expect([...told].filter((said) => /trimmed|epoch/.test(said))).not.toEqual([]);
  });
});

function verdictsOf({ readers }: NodesWorld): string[] {
  const streams = readers.flatMap(({ visits }) => visits.map(({ stream }) => stream));
  return streams.flatMap(({ hubEvents }) =>
    hubEvents.map(({ event, data }) => {
      const { recovered, reason } = JSON.parse(data) as { recovered?: boolean; reason?: string };
      return [event, recovered, reason].filter((part) => part != null).join(" ");
    }),
  );
}
