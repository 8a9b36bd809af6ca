import { setTimeout as wait } from "node:timers/promises";
import { connectTo } from "../redis/nodes.js";
import { RedisServer } from "../support/redis.js";
import { holdNode, killNode, type Fault, type StartLog } from "./model-log.js";
import type { NodesWorld } from "./nodes-world.js";

const LOG = "{sse}:log";
const META = "{sse}:meta";

type Command = (...args: string[]) => Promise<unknown>;

/** A log in one Redis, which may keep on disk what it has. */
export const startSingleLog: StartLog = async (random) => {
  const isDurable = random.chance(0.5);
  const redis = await RedisServer.start(
    isDurable ? ["--appendonly", "yes", "--appendfsync", "always"] : [],
  );
  const command = await connectTo(redis.url);
  const passing = Object.entries({ killNode, holdNode, ...passingFaults(command) });
  const losing = Object.entries(losingFaults(redis, command));
  return {
    addresses: [{ url: redis.url }],
    // All but those that end a life of the log, of which there is one.
    drawFaults: () => [...passing, ["killNode", killNode], random.pick(losing)],
  };
};

function passingFaults(command: Command): Record<string, Fault> {
  return {
    /** A node sleeps while so much is broadcast that the log lets go of what it has not read. */
    overtakeNode: async (world) => {
      const [held, other] = world.drawNodes();
      held.stop();
      await world.publish(other, 20 + world.random.below(20));
      await trimTo(world, command, world.random.below(10));
      held.goOn();
    },
    /** Again and again, with appends under way whose answers are lost. */
    dropClients: async (world) => {
      for (let times = 0; times < 6; times += 1) {
        for (const node of world.nodes) world.startPublishing(node, 5);
        await wait(world.random.below(12));
        await command("CLIENT", "KILL", "TYPE", "normal");
      }
    },
    trim: (world) => trimTo(world, command, world.random.below(60)),
  };
}

function losingFaults(redis: RedisServer, command: Command): Record<string, Fault> {
  const flush: Fault = async ({ ledger }) => {
    ledger.losses += 1;
    await command("FLUSHALL");
  };
  return {
    flush,
    /** A node that has just started is filling its ring down when there is nothing left to fill it with. */
    flushBehindNode: async (world) => {
      await killNode(world);
      await wait(world.random.below(100));
      await flush(world);
    },
    restartRedis: async ({ random, ledger }) => {
      ledger.losses += 1;
      await redis.kill();
      await wait(random.below(600));
      await redis.run();
    },
    /** Long enough for a change not to be told in time. */
    loseRedisForLong: async ({ ledger }) => {
      ledger.losses += 1;
      await redis.kill();
      await wait(2_500);
      await redis.run();
    },
  };
}

async function trimTo({ ledger }: NodesWorld, command: Command, kept: number): Promise<void> {
  const script =
    "local found = redis.call('HMGET', KEYS[2], 'epoch', 'head'); if not found[1] then return {'', 0} end; " +
    "local first = math.max(1, tonumber(found[2]) - tonumber(ARGV[1])); " +
    "redis.call('XTRIM', KEYS[1], 'MINID', string.format('%d', first)); return {found[1], first - 1}";
  const reply = await command("EVAL", script, "2", LOG, META, String(kept));
  const [epoch, position] = reply as [string, number];
  ledger.trim({ epoch, position });
}
