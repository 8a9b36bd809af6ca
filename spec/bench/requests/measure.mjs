import { spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, get } from "node:http";
import { fileURLToPath } from "node:url";

const WARM_ROUNDS = 5;
const ROUNDS = 21;
const REQUESTS = 2_000;
const AT_ONCE = 8;
const KINDS = ["none", "without", "with"];

/**
 * What a request costs without `sse()`, and with it. The servers take turns, so that whatever else the machine does
 * meets all of them.
 *
 * @param entry the built package's entry
 */
export async function measureRequests({ machine, onEnd, entry }) {
  const servers = {};
  for (const kind of KINDS) servers[kind] = await start({ machine, onEnd, entry, kind });
  const rounds = [];
  for (let round = 0; round < WARM_ROUNDS + ROUNDS; round += 1) {
    const result = {};
    // First the one, then the other.
    for (const kind of round % 2 === 0 ? KINDS : KINDS.toReversed()) {
      result[kind] = await measure(servers[kind]);
    }
    if (round >= WARM_ROUNDS) rounds.push(result);
  }
  return {
    none: median(rounds.map(({ none }) => none)),
    without: median(rounds.map(({ none, without }) => without / none)),
    with: median(rounds.map((round) => round.with / round.without)),
  };
}

async function start({ machine, onEnd, entry, kind }) {
  const file = fileURLToPath(new URL("server.mjs", import.meta.url));
  const node = [process.execPath, ["--expose-gc", file, entry, kind]];
  const [command, args] = machine.command("server", ...node);
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  onEnd(() => {
    agent.destroy();
    child.kill();
  });
  const [{ port }] = await once(child, "message");
  return { child, port, agent };
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

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
