import { draftOf } from "../support/log-witness.js";
import { onTestEnd } from "../support/disposers.js";
import { describeWith } from "../support/describe-with.js";
import { ask, RedisCluster } from "../support/redis-cluster.js";
import { RedisSentinels } from "../support/redis-sentinel.js";
import type { RedisServer } from "../support/redis.js";
import { StartedAhead } from "../support/started-ahead.js";
import { CLIENTS, MASTER, type Servers } from "./clients.js";
import { startNode, type Node } from "./nodes.js";
import { livesOf, missingOf, Traffic } from "./traffic.js";

const META = "{sse}:meta";

interface Failing extends Servers {
  master(): Promise<RedisServer>;
  /** Resolves when another server has the place of the master, which was ended or held. */
  replaced(master: RedisServer): Promise<void>;
  /** Starts an ended master again. */
  revive(master: RedisServer): Promise<void>;
  remove(): Promise<void>;
}

const SENTINELS = new StartedAhead(() => RedisSentinels.create(MASTER));
const CLUSTERS = new StartedAhead(() => RedisCluster.create());

const START: Readonly<Record<string, () => Promise<Failing>>> = {
  Sentinel: async () => {
    const sentinels = await SENTINELS.take();
    return {
      ports: sentinels.ports,
      master: () => sentinels.master(),
      replaced: (master) => sentinels.replaced(master),
      // It takes itself for the master, until the sentinels have corrected it.
      revive: (master) => master.run(),
      remove: () => sentinels.remove(),
    };
  },
  Cluster: async () => {
    const cluster = await CLUSTERS.take();
    return {
      ports: cluster.ports,
      master: () => cluster.masterOf(META),
      replaced: (master) => cluster.replaced(master, META),
      revive: (master) => cluster.revive(master),
      remove: () => cluster.remove(),
    };
  },
};

// Longer than an election and a reconnect take on a busy machine.
const DEADLINE_MS = 30_000;
const ROWS = CLIENTS.filter(({ topology, isNewest }) => isNewest && topology in START);

describe.each(ROWS)("redisLog with a client of $name, when the master changes", (row) => {
  describeWith(["/usr/bin/redis-server"], "of the log", () => {
    async function start(): Promise<{ servers: Failing; nodes: [Node, Node] }> {
      const servers = await (START[row.topology] as () => Promise<Failing>)();
      onTestEnd(() => servers.remove());
      const node = async () =>
        startNode({ client: await row.create(servers), deadlineMs: DEADLINE_MS });
      return { servers, nodes: [await node(), await node()] };
    }

    it.each(["is killed", "hangs"])(
      "follows to the new one under traffic when the master %s, and stays there when it is back",
      async (what) => {
        const { servers, nodes } = await start();
        const master = await servers.master();
        const traffic = new Traffic(nodes);
        await givenMore(nodes, 100);
        if (what === "hangs") master.stop();
        else await master.kill();
        await servers.replaced(master);
        await Promise.all(nodes.map(hasBroken));
        if (what === "hangs") master.goOn();
        else await servers.revive(master);
        await givenMore(nodes, 100);
        await traffic.stop();
        await Promise.all(nodes.map(({ log }) => log.catchUp()));

        const [one, two] = nodes;
        expect(two.log.epoch).toBe(one.log.epoch);
        const lives = nodes.map(({ witness }) => livesOf(witness));
        expect(lives.map(({ length }) => length)).toEqual([2, 2]);
        const [[, life], [, same]] = lives as [string[][], string[][]];
        expect(same).toEqual(life);
        expect(new Set(life).size).toBe(life?.length);
        expect(missingOf(traffic, one.log.epoch, life ?? [])).toEqual([]);
        for (const { log, witness } of nodes) {
          expect(log.health).toMatchObject({ status: "ok", problem: null });
          expect(new Set(witness.errors.map(({ code }) => code))).toEqual(new Set(["ERR_SSE_LOG"]));
        }
      },
    );

    it("tells of what was confirmed and lost", async () => {
      const { servers, nodes } = await start();
      const [one, two] = nodes;
      const master = await servers.master();
      const kept = await one.log.append(draftOf("kept"));
      // Its replicas come no more, and stay behind.
      await ask(master, ["ACL", "SETUSER", "default", "-psync", "-sync"]);
      await ask(master, ["CLIENT", "KILL", "TYPE", "replica"]);
      const lost = await one.log.append(draftOf("lost"));
      await two.log.catchUp();
      await master.kill();
      await servers.replaced(master);
      const after = await two.log.append(draftOf("after"));
      await Promise.all(nodes.map(({ log }) => log.catchUp()));

      expect(lost.split(".")[0]).toBe(kept.split(".")[0]);
      expect(after).toBe(`${one.log.epoch}.1`);
      for (const { witness } of nodes) {
        expect(witness.record).toEqual(["kept", "lost", "break", "after"]);
      }
    });
  });
});

describe.each(ROWS.filter(({ topology }) => topology === "Cluster"))(
  "redisLog with a client of $name, when its master is cut off from the others",
  (row) => {
    describeWith(["/usr/bin/redis-server"], "but not from the node", () => {
      it("follows to the new one, though the old one goes on naming itself", async () => {
        const cluster = await CLUSTERS.take();
        onTestEnd(() => cluster.remove());
        const { log, witness } = await startNode({
          client: await row.create(cluster),
          deadlineMs: DEADLINE_MS,
        });
        await log.append(draftOf("before"));
        await cluster.cutOff(META);
        await log.append(draftOf("after"));
        await log.catchUp();
        expect(witness.record).toEqual(["before", "break", "after"]);
      });
    });
  },
);

/** Resolves when a node was told that a life of the log has ended. */
function hasBroken({ witness }: Node): Promise<void> {
  return witness.until(() => witness.record.includes("break"));
}

/** Resolves when each of the nodes was given so many more events. */
async function givenMore(nodes: readonly Node[], count: number): Promise<void> {
  await Promise.all(
    nodes.map(({ witness }) => {
      const end = witness.events.length + count;
      return witness.until(() => witness.events.length >= end);
    }),
  );
}
