import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startRedis } from "../harness/redis.mjs";
import { cpuSeconds } from "../harness/usage.mjs";

const TOKENS = 300;
const EVERY_MS = 20;

/**
 * What a token costs in one of the ways.
 *
 * @param entry the built package's entry
 * @param way a file in `ways/`
 * @param nodes 2 with the followers on another node than the producer, and a Redis between them
 */
export async function measureTokens({ machine, onEnd, entry, way, nodes, runs, followers }) {
  const redis = nodes === 2 ? await startRedis(machine) : undefined;
  if (redis !== undefined) onEnd(() => redis.end());
  const start = (file, core, settings) => startProcess({ machine, onEnd, file, core, settings });
  const settings = { way, entry, redisUrl: redis?.url, tokens: TOKENS, everyMs: EVERY_MS };
  const servers = await Promise.all(
    Array.from({ length: nodes }, () => start("node.mjs", "server", settings)),
  );
  const [producer, follower = producer] = servers;
  const load = await start("readers.mjs", "load", {
    begin: producer.url,
    follow: follower.url,
    runs,
    followers,
    tokens: TOKENS,
  });
  const pids = servers.map(({ child }) => child.pid);
  const before = cpuSeconds(pids);
  load.child.send("go");
  const [{ delaysMs, faults }] = await once(load.child, "message");
  const used = cpuSeconds(pids) - before;
  if (faults > 0) throw new Error(`${faults} followers did not get every token once and in order`);
  return { cpu: (used * 1e6) / (runs * followers * TOKENS), p50: delaysMs[0], p99: delaysMs[1] };
}

async function startProcess({ machine, onEnd, file, core, settings }) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const [command, args] = machine.command(core, process.execPath, [path]);
  const child = fork(args.at(-1), [], {
    execPath: command,
    execArgv: args.slice(0, -1),
    env: { ...process.env, SETTINGS: JSON.stringify(settings) },
  });
  onEnd(() => child.kill());
  const [message] = await once(child, "message");
  return { child, url: message.url };
}
