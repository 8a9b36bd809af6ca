// The server's process: `node serve-peer.mjs <peer> <options as JSON>`. It starts the peer, says
// where it listens, and then does what it is told, a JSON object a line.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import net from "node:net";
import { Session as Inspector } from "node:inspector/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { setImmediate as nextTick, setTimeout as sleep } from "node:timers/promises";
import v8 from "node:v8";
import vm from "node:vm";
import express from "express";
import session from "express-session";
import { payload } from "./payload.mjs";
import { SECRET, storeSessions } from "./users.mjs";

const BACKLOG = 4096;
const DELAY_RESOLUTION_MS = 1;

const [, , peerName, optionsJson] = process.argv;
const options = JSON.parse(optionsJson);
const peer = await import(`../peers/${peerName}.mjs`);
const store = new session.MemoryStore();
const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
const inspector = new Inspector();
const children = [];

const { broadcast } = await begin();

const commands = {
  publish,
  async sessions({ count }) {
    await storeSessions(store, count);
  },
  collect() {
    v8.setFlagsFromString("--expose-gc");
    const collect = vm.runInNewContext("gc");
    collect();
    collect();
    return { heapMiB: process.memoryUsage().heapUsed / 1_048_576 };
  },
  /** Broadcasts without a pause, and says what that costs before anything is delivered. */
  flatOut({ count, bytes }) {
    const text = payload(1, bytes);
    commands.collect();
    const before = process.memoryUsage();
    for (let sent = 0; sent < count; sent += 1) void broadcast(text);
    const { rss } = process.memoryUsage();
    commands.collect();
    const after = process.memoryUsage();
    const grown = after.heapUsed - before.heapUsed + after.external - before.external;
    return { bytes: grown / count - bytes, growth: (rss - before.rss) / 1e6 };
  },
  watchDelay() {
    delay.enable();
    delay.reset();
  },
  delay() {
    delay.disable();
    return { maxMs: Math.max(0, delay.max / 1e6 - DELAY_RESOLUTION_MS) };
  },
  async profile() {
    inspector.connect();
    await inspector.post("Profiler.enable");
    await inspector.post("Profiler.setSamplingInterval", { interval: 200 });
    await inspector.post("Profiler.start");
  },
  async endProfile({ file }) {
    const { profile } = await inspector.post("Profiler.stop");
    inspector.disconnect();
    writeFileSync(file, JSON.stringify(profile));
  },
};

createInterface({ input: process.stdin })
  .on("line", (line) => void obey(JSON.parse(line)))
  .on("close", () => {
    for (const child of children) child.kill("SIGTERM");
    process.exit();
  });

async function obey({ do: name, ...given }) {
  try {
    say((await commands[name](given)) ?? {});
  } catch (error) {
    say({ error: String(error?.message ?? error) });
  }
}

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function begin() {
  const app = express();
  if (options.hasSessions) {
    app.use(session({ secret: SECRET, store, resave: false, saveUninitialized: false }));
  }
  const port = peer.isOutside ? await freePort() : 0;
  const started = await peer.start({ ...options, app, port, spawnServer });
  if (started.server === undefined) {
    say({ port, pids: started.pids });
    return started;
  }
  started.server.listen({ port: 0, host: "127.0.0.1", backlog: BACKLOG });
  await once(started.server, "listening");
  say({ port: started.server.address().port, pids: [process.pid] });
  return { pids: [process.pid], ...started };
}

/** Starts a server that is a program of its own, on the server's core. */
function spawnServer(file, args) {
  const pin = options.core === null ? [] : ["taskset", "-c", options.core];
  const [program, ...rest] = [...pin, file, ...args];
  const child = spawn(program, rest, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => undefined);
  children.push(child);
  return child;
}

async function freePort() {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  return port;
}

/** Broadcasts `count` events, `perTick` of them at once, every `intervalMs`. */
async function publish({ count, perTick = 1, intervalMs = 0, bytes, firstSequence = 1, audience }) {
  const began = performance.now();
  let last;
  for (let sent = 0; sent < count;) {
    for (let left = Math.min(perTick, count - sent); left > 0; left -= 1) {
      last = broadcast(payload(firstSequence + sent, bytes), audience);
      sent += 1;
    }
    const dueAt = began + (sent / perTick) * intervalMs;
    if (intervalMs === 0) await nextTick();
    else if (sent < count) await sleep(Math.max(0, dueAt - performance.now()));
  }
  return { seconds: (performance.now() - began) / 1000, lastId: await last };
}
