// A server as an application would run it, for specs that stop, kill or measure a process. Prints
// where it listens; on SIGTERM it drains, says how many numbers it had broadcast, and ends by itself.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as nextTick } from "node:timers/promises";
import express from "express";
import session from "express-session";
import { createHub, memoryLog, sse } from "express-sse-hub";
import { redisLog } from "express-sse-hub/redis";

/** What the process holds, as `GET /usage` tells it. */
export interface Usage {
  size: number;
  connections: number;
  behind: number;
  closed: Record<string, number>;
  /** On the server and the process. */
  listeners: number;
  timers: number;
  sockets: number;
  heapBytes: number;
  rssBytes: number;
  /** The most it was since the last time. */
  peakRssBytes: number;
}

const { REDIS_URL, LOG_NAME, SITE } = process.env;
const maxBytes = 8 * 1_048_576;
const hub = createHub({
  log:
    REDIS_URL === undefined
      ? memoryLog({ maxBytes })
      : redisLog({ url: REDIS_URL, name: LOG_NAME, maxBytes }),
  retryMs: [100, 300],
  // Specs stop readers for longer than a browser is waited for.
  stallMs: 300_000,
});
const app = express();
const server = createServer(app);
let counting: NodeJS.Timeout | undefined;
let count = 0;
let peakRssBytes = 0;

app.use(session({ secret: "spec", resave: false, saveUninitialized: false }));
app.use(sse({ hub, static: SITE }));
app.post("/login", (req, res) => {
  Object.assign(req.session, { user: { login: "alice" } });
  res.sendStatus(204);
});
app.get("/events", (req) => {
  req.sse.join();
});
app.post("/count", (_req, res) => {
  counting = setInterval(() => {
    void hub.broadcast("message", String(count));
    count += 1;
  }, 1);
  res.sendStatus(204);
});
app.post("/broadcast/:events/:bytes", async (req, res) => {
  const text = "x".repeat(Number(req.params.bytes));
  const perMegabyte = Math.ceil(1_000_000 / (text.length + 1));
  for (let n = 1; n <= Number(req.params.events); n += 1) {
    void hub.broadcast("message", `${count} ${text}`);
    count += 1;
    if (n % 64 === 0 || text.length > 65_536) await nextTick();
    if (n % perMegabyte === 0) lookAtMemory();
  }
  res.json({ count });
});
// All in one go, so that nothing is delivered meanwhile: what the process holds then, per event.
app.post("/flat-out/:events/:bytes", (req, res) => {
  const [events, bytes] = [Number(req.params.events), Number(req.params.bytes)];
  const text = "x".repeat(bytes);
  globalThis.gc?.();
  const before = process.memoryUsage();
  const sent = Array.from({ length: events }, () => hub.broadcast("message", text));
  globalThis.gc?.();
  const after = process.memoryUsage();
  const grown = after.heapUsed - before.heapUsed + after.external - before.external;
  res.json({ bytesPerEvent: grown / sent.length });
});
app.get("/usage", (_req, res) => {
  lookAtMemory();
  const usage = takeUsage();
  peakRssBytes = 0;
  res.json(usage);
});

// Garbage that was not got round to yet is not what a process holds.
function lookAtMemory(): void {
  globalThis.gc?.();
  peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
}

function takeUsage(): Usage {
  const { connections, behind, closed } = hub.stats();
  const emitters = [server, process];
  return {
    size: hub.size,
    connections,
    behind,
    closed,
    listeners: emitters
      .flatMap((emitter) => emitter.eventNames().map((name) => emitter.listenerCount(name)))
      .reduce((sum, each) => sum + each, 0),
    timers: resources("Timeout"),
    sockets: resources("TCPSocketWrap"),
    heapBytes: process.memoryUsage().heapUsed,
    rssBytes: process.memoryUsage.rss(),
    peakRssBytes,
  };
}

function resources(kind: string): number {
  return process.getActiveResourcesInfo().filter((name) => name === kind).length;
}

async function drain(): Promise<void> {
  clearInterval(counting);
  await hub.close();
  server.close();
  process.stdout.write(`counted ${count}\n`);
}

process.once("SIGTERM", () => void drain());
await once(server.listen(Number(process.env.PORT ?? 0), "127.0.0.1"), "listening");
process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
