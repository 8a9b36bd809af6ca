import { setTimeout as wait } from "node:timers/promises";
import { onTestEnd } from "../support/disposers.js";
import { RedisCluster } from "../support/redis-cluster.js";
import { holdNode, killNode, type Fault, type StartLog } from "./model-log.js";

const META = "{sse}:meta";

/** A log in a cluster, which the nodes reach with the clients of either library in turn. */
export const startClusterLog: StartLog = async (random) => {
  const cluster = await RedisCluster.create();
  onTestEnd(() => cluster.remove());
  const { ports } = cluster;
  // With appends under way: what a master has confirmed, its replica need not have.
  const killMaster: Fault = async (world) => {
    world.ledger.losses += 1;
    for (const node of world.nodes) world.startPublishing(node, 5);
    await wait(random.below(12));
    await cluster.revive(await cluster.failOver(META));
  };
  const kill = ["killMaster", killMaster] as const;
  const others = Object.entries({ killNode, holdNode });
  return {
    addresses: [
      { library: "redis", ports },
      { library: "ioredis", ports },
    ],
    drawFaults: () => [...Array<typeof kill>(9).fill(kill), random.pick(others)],
  };
};
