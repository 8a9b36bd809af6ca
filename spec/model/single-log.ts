import { setTimeout as wait } from "node:timers/promises";
import type { NodesWorld } from "./nodes-world.js";
import type { Random } from "./random.js";

type Fault = (world: NodesWorld) => Promise<void>;

const LOG = "{sse}:log";
const META = "{sse}:meta";

const killNode: Fault = async ({ random, nodes }) => {
  const node = random.pick(nodes);
  await node.kill();
  await wait(random.below(300));
  await node.run();
};

const holdNode: Fault = async ({ random, nodes }) => {
  const node = random.pick(nodes);
  node.stop();
  await wait(100 + random.below(800));
  node.goOn();
};

/** A node sleeps while so much is broadcast that the log lets go of what it has not read. */
const overtakeNode: Fault = async (world) => {
  const [held, other] = world.drawNodes();
  held.stop();
  await world.publish(other, 20 + world.random.below(20));
  await trimTo(world, world.random.below(10));
  held.goOn();
};

/** Again and again, with appends under way whose answers are lost. */
const dropClients: Fault = async (world) => {
  for (let times = 0; times < 6; times += 1) {
    for (const node of world.nodes) world.startPublishing(node, 5);
    await wait(world.random.below(12));
    await world.command("CLIENT", "KILL", "TYPE", "normal");
  }
};

const flush: Fault = async ({ command, ledger }) => {
  ledger.losses += 1;
  await command("FLUSHALL");
};

/** A node that has just started is filling its ring down when there is nothing left to fill it with. */
const flushBehindNode: Fault = async (world) => {
  await killNode(world);
  await wait(world.random.below(100));
  await flush(world);
};

const restartRedis: Fault = async ({ redis, random, ledger }) => {
  ledger.losses += 1;
  await redis.kill();
  await wait(random.below(600));
  await redis.run();
};

/** Long enough for a change not to be told in time. */
const loseRedisForLong: Fault = async ({ redis, ledger }) => {
  ledger.losses += 1;
  await redis.kill();
  await wait(2_500);
  await redis.run();
};

const trim: Fault = (world) => trimTo(world, world.random.below(60));

const PASSING = { killNode, holdNode, overtakeNode, dropClients, trim };
const LOSING = { flush, flushBehindNode, restartRedis, loseRedisForLong };

/** Everything that goes wrong in the model, by its name. */
export const FAULTS: Readonly<Record<string, Fault>> = { ...PASSING, ...LOSING };

/** The faults of one round: all but those that end a life of the log, of which there is one. */
export function drawFaults(random: Random): string[] {
  return [...Object.keys(PASSING), "killNode", random.pick(Object.keys(LOSING))];
}

async function trimTo({ command, ledger }: NodesWorld, kept: number): Promise<void> {
  const script =
    "local found = redis.call('HMGET', KEYS[2], 'epoch', 'head'); if not found[1] then return {'', 0} end; " +
    "local first = math.max(1, tonumber(found[2]) - tonumber(ARGV[1])); " +
    "redis.call('XTRIM', KEYS[1], 'MINID', string.format('%d', first)); return {found[1], first - 1}";
  const reply = await command("EVAL", script, "2", LOG, META, String(kept));
  const [epoch, position] = reply as [string, number];
  ledger.trim({ epoch, position });
}
