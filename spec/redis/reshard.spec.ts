import { draftOf } from "../support/log-witness.js";
import { onTestEnd } from "../support/disposers.js";
import { describeWith } from "../support/describe-with.js";
import { RedisCluster } from "../support/redis-cluster.js";
import { CLIENTS } from "./clients.js";
import { startNode, type Node } from "./nodes.js";
import { livesOf, missingOf, Traffic } from "./traffic.js";

const META = "{sse}:meta";
const TROUBLE = /^Redis at 127.0.0.1:\d+ cannot serve the slot of the log at this moment \(/;

const ROWS = CLIENTS.filter(({ topology, isNewest }) => isNewest && topology === "Cluster");

describe.each(ROWS)("redisLog with a client of $name, when its slot moves", (row) => {
  describeWith(["/usr/bin/redis-server"], "to another master", () => {
    it("waits until that is done and follows; nothing that was confirmed is lost", async () => {
      const cluster = await RedisCluster.create();
      onTestEnd(() => cluster.remove());
      const start = async () =>
        startNode({ client: await row.create(cluster), deadlineMs: 30_000 });
      const nodes: [Node, Node] = [await start(), await start()];
      const [one, two] = nodes;
      const { epoch } = one.log;
      const traffic = new Traffic(nodes);
      await each(nodes, ({ witness }) => witness.until(() => witness.events.length >= 100));

      const move = await cluster.beginMove(META);
      // Keys that do not exist yet are asked for at the new place: from here on nothing can be appended.
      await each(nodes, ({ witness }) =>
        witness.until(() => witness.errors.some(({ message }) => TROUBLE.test(message))),
      );
      await each(nodes, ({ log }) => log.catchUp());
      const confirmed = traffic.confirmed.size;
      // What belongs together is in two places meanwhile, then in the new one alone.
      await move.moveKeys(2);
      const during = one.log.append(draftOf("during"));
      await move.moveKeys(1_000);
      const later = two.log.append(draftOf("later"));
      for (const { log } of nodes) {
        expect(log.health).toMatchObject({
          status: "degraded",
          problem: expect.stringMatching(TROUBLE),
        });
      }
      expect(traffic.confirmed.size).toBe(confirmed);
      await move.finish();

      const ids = await Promise.all([during, later]);
      await each(nodes, ({ witness }) =>
        witness.until(() => witness.events.length >= confirmed + 100),
      );
      await traffic.stop();
      await each(nodes, ({ log }) => log.catchUp());
      expect(one.log.epoch).not.toBe(epoch);
      expect(ids).toEqual(Array(2).fill(expect.stringMatching(`^${one.log.epoch}\\.`)));
      for (const { log, witness } of nodes) {
        const [before, after, ...others] = livesOf(witness);
        expect(others).toEqual([]);
        expect(missingOf(traffic, epoch, before ?? [])).toEqual([]);
        expect(missingOf(traffic, log.epoch, after ?? [])).toEqual([]);
        expect(new Set(witness.events).size).toBe(witness.events.length);
        expect(log.health).toMatchObject({ status: "ok", problem: null });
      }
      expect(await cluster.masterOf(META)).toBe(move.to);
    });
  });
});

async function each(nodes: readonly Node[], run: (node: Node) => Promise<unknown>): Promise<void> {
  await Promise.all(nodes.map(run));
}
