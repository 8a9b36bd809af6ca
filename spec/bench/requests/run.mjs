// What a request costs an application that never sets the cookie: `npm run requests` here. The servers take turns,
// a few requests each, so that whatever else the machine does meets all of them.
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, get } from "node:http";
import { fileURLToPath } from "node:url";
import { buildHub } from "../harness/build.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 41);
const REQUESTS = 2_000;
const AT_ONCE = 8;
const KINDS = ["none", "without", "with"];

const entry = buildHub();
const servers = {};
for (const kind of KINDS) servers[kind] = await start(kind);
for (const kind of KINDS) for (let warm = 0; warm < 5; warm += 1) await measure(servers[kind]);

const rounds = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const result = {};
  // First the one, then the other.
  const order = round % 2 === 0 ? KINDS : [...KINDS].reverse();
  for (const kind of order) result[kind] = await measure(servers[kind]);
  rounds.push(result);
}
for (const { child, agent } of Object.values(servers)) {
  agent.destroy();
  child.kill();
}

const ratio = (one, other) => quantiles(rounds.map((round) => round[one] / round[other]));
console.log(`${ROUNDS} rounds of ${REQUESTS} requests each; median (quartiles)`);
console.log(
  `CPU of a request without sse(): ${show(quantiles(rounds.map(({ none }) => none)))} µs`,
);
console.log(`sse() with credential, beside credential: null: ${show(ratio("with", "without"))}`);
console.log(`sse() with credential: null, beside no sse(): ${show(ratio("without", "none"))}`);

async function start(kind) {
  const file = fileURLToPath(new URL("server.mjs", import.meta.url));
  const child = fork(file, [entry, kind], { execArgv: ["--expose-gc"] });
  const [{ port }] = await once(child, "message");
  return { child, port, agent: new Agent({ keepAlive: true, maxSockets: AT_ONCE }) };
}

/** CPU of the server in microseconds a request. */
async function measure({ child, port, agent }) {
  const before = await cpuMs(child);
  let left = REQUESTS;
  const worker = async () => {
    while (left-- > 0)
      await ask({ port, path: "/me", agent, headers: { cookie: "token=abc; b=2" } });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return (((await cpuMs(child)) - before) * 1_000) / REQUESTS;
}

function ask(options) {
  return new Promise((resolve, reject) => {
    get(options, (response) => response.resume().once("end", resolve)).once("error", reject);
  });
}

async function cpuMs(child) {
  child.send("cpu");
  const [{ cpuMs }] = await once(child, "message");
  return cpuMs;
}

function quantiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return [0.25, 0.5, 0.75].map((part) => sorted[Math.floor(part * (sorted.length - 1))]);
}

function show([low, middle, high]) {
  return `${middle.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}
