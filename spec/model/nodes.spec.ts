import { describeWithRedis } from "../support/redis.js";
import { NodeProcess } from "./node-process.js";
import { faultsOfNodes } from "./nodes-oracle.js";
import { NodesWorld } from "./nodes-world.js";

const FIXED_SEEDS = [1, 2, 3, 4];
const DRAWN_SEED = Math.floor(Math.random() * 2 ** 31);
const SEEDS =
  process.env.SEED === undefined ? [...FIXED_SEEDS, DRAWN_SEED] : [Number(process.env.SEED)];
const STEPS = 250;

describeWithRedis("whatever happens to three nodes and their Redis", (storeUrlOf) => {
  let nodes: NodeProcess[] = [];

  beforeAll(async () => {
    const settings = { logUrl: storeUrlOf(), maxEvents: 1 };
    const start = () => NodeProcess.start(storeUrlOf(), settings);
    nodes = await Promise.all([start(), start(), start()]);
  }, 60_000);

  afterAll(() => Promise.all(nodes.map((node) => node.kill())));

  it.each(SEEDS)(
    "each reader gets what is for it, once and in order, or is told (SEED=%d)",
    async (seed) => {
      const t0 = Date.now();
      const world = await NodesWorld.begin(seed, nodes);
      const t1 = Date.now();
      for (let step = 0; step < STEPS; step += 1) await world.step();
      const t2 = Date.now();
      await world.settle();
      process.stderr.write(`start ${t1 - t0} steps ${t2 - t1} settle ${Date.now() - t2}\n`);
      for (const fault of faultsOfNodes(world.readers, world.ledger, world.maxEvents)) {
        const m = /reader (\d+), stream (\d+): it (?:never )?got (\d+)/.exec(fault);
        if (!m) continue;
        const r = world.readers[Number(m[1]) - 1]!;
        const v = r.visits[Number(m[2]) - 1]!;
        const b = world.ledger.broadcasts.get(Number(m[3]));
        process.stderr.write(
          JSON.stringify({
            fault,
            b,
            user: v.user,
            rooms: r.rooms,
            cursor: v.cursor,
            ids: world.ledger.epochs.map((e) => world.ledger.positionsOf(Number(m[3]), e)),
            changes: world.ledger.changes.filter((c) => c.login === r.name),
            openedAt: v.openedAt,
            askedAt: v.askedAt,
            faults: world.faults,
          }) + "\n",
        );
        const at = v.stream.all.findIndex(({ data }) => data.startsWith(`${m[3]} `));
        for (const { event, data, id } of v.stream.all.slice(Math.max(0, at - 12), at + 4))
          process.stderr.write(`   ${event} ${id} ${data.slice(0, 60)}\n`);
      }
      if (process.env.STATS) process.stderr.write(JSON.stringify(statsOf(world)) + "\n");
      expect(faultsOfNodes(world.readers, world.ledger, world.maxEvents)).toEqual([]);
    },
    90_000,
  );
});

function statsOf(world: NodesWorld) {
  const events: Record<string, number> = {};
  const count = (k: string) => (events[k] = (events[k] ?? 0) + 1);
  for (const { visits } of world.readers) {
    for (const { stream } of visits) {
      count("visits");
      for (const { event, data } of stream.all) {
        const { recovered, reason } = event.startsWith("hub:") ? (JSON.parse(data) as any) : {};
        count([event, recovered, reason].filter((x) => x !== undefined).join(" "));
      }
    }
  }
  for (const { kind, isTold } of world.ledger.changes) count(`change ${kind} ${isTold}`);
  return {
    events,
    faults: world.faults,
    sent: world.ledger.broadcasts.size,
    epochs: world.ledger.epochs,
  };
}
