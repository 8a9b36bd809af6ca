// What a token of a run costs: `npm run runs` here. Prints a table of ratios, and keeps nothing.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { buildHub, installPeers } from "../harness/build.mjs";
import { Machine } from "../harness/machine.mjs";
import { missingRedis, startRedis } from "../harness/redis.mjs";
import { cpuSeconds } from "../harness/usage.mjs";

const REPEATS = Number(process.env.REPEATS ?? 3);
const RUNS = 200;
const TOKENS = 300;
const EVERY_MS = 20;

/** What is compared, and with what. `nodes`: 2 with the followers on another node than the producer. */
const CASES = [
  { name: "plain res.write", way: "plain", nodes: 1, runs: RUNS, followers: 1 },
  {
    name: "run in memory",
    way: "hub",
    nodes: 1,
    runs: RUNS,
    followers: 1,
    beside: "plain res.write",
    goal: 1.5,
  },
  { name: "resumable-stream, 1 follower", way: "resumable", nodes: 2, runs: RUNS, followers: 1 },
  {
    name: "run in Redis, 1 follower",
    way: "hub",
    nodes: 2,
    runs: RUNS,
    followers: 1,
    beside: "resumable-stream, 1 follower",
    goal: 1,
  },
  {
    name: "resumable-stream, 10 followers",
    way: "resumable",
    nodes: 2,
    runs: RUNS / 10,
    followers: 10,
  },
  {
    name: "run in Redis, 10 followers",
    way: "hub",
    nodes: 2,
    runs: RUNS / 10,
    followers: 10,
    beside: "resumable-stream, 10 followers",
    goal: 0.3,
  },
  { name: "broadcast to 1000", way: "broadcast", nodes: 1, runs: 1, followers: 1_000 },
  {
    name: "run with 1000 followers",
    way: "hub",
    nodes: 1,
    runs: 1,
    followers: 1_000,
    beside: "broadcast to 1000",
    goal: 1.1,
  },
];

installPeers();
const entry = buildHub();
const machine = new Machine();
machine.pinSelf();
const results = new Map(CASES.map(({ name }) => [name, []]));
for (let repeat = 0; repeat < REPEATS; repeat += 1) {
  for (const what of CASES) {
    if (what.nodes === 2 && missingRedis() !== null) continue;
    const result = await measure(what);
    results.get(what.name).push(result);
    console.error(what.name, result);
  }
}
console.log(table());

async function measure({ way, nodes, runs, followers }) {
  const redis = nodes === 2 ? await startRedis(machine) : null;
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
  for (const { child } of [...servers, load]) child.kill();
  await redis?.end();
  if (faults > 0)
    throw new Error(`${way}: ${faults} followers did not get every token once and in order.`);
  const perToken = (used * 1e6) / (runs * followers * TOKENS);
  return { "µs per token": perToken, "p50 ms": delaysMs[0], "p99 ms": delaysMs[1] };
}

async function start(file, role, settings) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const [command, args] = machine.command(role, process.execPath, [path]);
  const child = fork(args.at(-1), [], {
    execPath: command,
    execArgv: args.slice(0, -1),
    env: { ...process.env, SETTINGS: JSON.stringify(settings) },
  });
  const [message] = await once(child, "message");
  return { child, url: message.url };
}

function table() {
  const median = (name, key) => {
    const values = results
      .get(name)
      .map((result) => result[key])
      .sort((a, b) => a - b);
    return values[Math.floor(values.length / 2)];
  };
  const rows = CASES.filter(({ name }) => results.get(name).length > 0).map(
    ({ name, beside, goal }) => {
      const own = median(name, "µs per token");
      const ratio =
        beside === undefined
          ? ""
          : `${(own / median(beside, "µs per token")).toFixed(2)} × ${beside}`;
      const delays = `${median(name, "p50 ms").toFixed(1)} / ${median(name, "p99 ms").toFixed(1)}`;
      return `| ${name} | ${own.toFixed(1)} | ${ratio} | ${goal === undefined ? "" : `≤ ${goal}`} | ${delays} |`;
    },
  );
  return [
    "| case | µs of CPU per token and follower | ratio | goal | delay p50 / p99, ms |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}
