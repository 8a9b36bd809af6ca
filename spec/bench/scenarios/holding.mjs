// Connections themselves: to open one, to keep it, and to get back what was missed.
import { setTimeout as sleep } from "node:timers/promises";
import { resting } from "./resting.mjs";

// The hub reads a session that has changed within the last 5 s twice. Those of a storm are older.
const SESSIONS_AGE_MS = 5_500;

export const idle = {
  name: "idle",
  takesVariants: true,
  title: "memory per idle connection of 10 000, express-session with a user of 600 B",
  metrics: [
    ["kib", "KiB RSS per connection", 1],
    ["heap", "KiB of the heap", 1],
  ],
  cases: ({ peers, isQuick }) => [
    ...withSessions(peers, isQuick),
    ...peers
      .filter(({ name }) => name === "express-sse-hub")
      .map((peer) => ({ peer, label: `${peer.name}, ten tabs each`, tabs: 10 })),
  ],
  async run({ start, isQuick, limit, tabs = 1 }) {
    const connections = limit(isQuick ? 1000 : 10_000);
    const stage = await start({ hasSessions: true });
    await stage.tell("sessions", { count: connections });
    await openAndClose(stage, connections / 20);
    const before = await resting(stage);
    await stage.open(connections, { sessions: (index) => Math.floor(index / tabs) });
    const after = await resting(stage);
    const kibOf = (kind) => ((after[kind] - before[kind]) * 1024) / connections;
    return { kib: kibOf("rss"), heap: kibOf("heap") };
  },
  goals: [
    {
      says: "plain: ≤ 21 KiB",
      limit: 21,
      unit: "KiB",
      of: (metric) => metric("express-sse-hub", "kib"),
    },
    {
      // Of the heap: RSS differs by 1 KiB from run to run.
      says: "ten tabs each: less of the heap than distinct users",
      limit: 1,
      of: (metric) =>
        metric("express-sse-hub, ten tabs each", "heap") / metric("express-sse-hub", "heap"),
    },
    {
      says: "released: ≤ 8 KiB",
      limit: 8,
      unit: "KiB",
      of: (metric) => metric("express-sse-hub released", "kib"),
    },
  ],
};

export const connect = {
  name: "connect",
  title: "opening a connection, with express-session",
  metrics: [["cpu", "µs CPU per connection", 0]],
  cases: ({ peers, isQuick }) => withSessions(peers, isQuick),
  async run({ start, isQuick, limit }) {
    const connections = limit(isQuick ? 1000 : 6000);
    const stage = await start({ hasSessions: true });
    await stage.tell("sessions", { count: connections });
    await openAndClose(stage, connections / 2);
    if (!isQuick) await sleep(SESSIONS_AGE_MS);
    await stage.settle();
    // One round alone would measure V8's collections and compilations, which differ from run to run.
    const rounds = isQuick ? 1 : 3;
    let total = 0;
    for (let round = 0; round < rounds; round += 1) {
      let load;
      const { cpu } = await stage.measure(async () => {
        load = await stage.open(connections, { sessions: (index) => index });
        await stage.settle();
      });
      total += cpu;
      await load.close();
      await stage.settle();
    }
    return { cpu: (total / rounds / connections) * 1e6 };
  },
  goals: [
    {
      says: "≤ 1.25 × the same route without the hub",
      limit: 1.25,
      of: (metric) => metric("express-sse-hub", "cpu") / metric("naive-express", "cpu"),
    },
  ],
};

export const returns = {
  name: "returns",
  title: "10 000 returns at once with 100 missed events of 100 B each, express-session",
  metrics: [
    ["live", "µs CPU per live event", 2],
    ["replayed", "µs CPU per replayed event, connecting included", 2],
    ["delay", "longest loop delay ms", 1],
  ],
  cases: ({ peers, isQuick }) => [
    ...peers.filter(({ isHub }) => isHub).map((peer) => ({ peer })),
    ...peers
      .filter(({ name }) => !isQuick && name === "naive-express")
      .map((peer) => ({ peer, label: "naive-express, returns only" })),
  ],
  async run({ start, isQuick, limit, peer }) {
    const connections = limit(isQuick ? 1000 : 10_000);
    const missed = peer.isHub ? 100 : 0;
    const stage = await start({ hasSessions: true });
    await stage.tell("sessions", { count: connections });
    const sessions = (index) => index;
    const load = await stage.open(connections, { sessions });
    await stage.warmUp(load, { receivers: connections, events: 5 });
    const plan = { count: 10, bytes: 100, receivers: connections, isClosedLoop: true };
    const live = await stage.measure(() => stage.deliver(load, plan));
    const { lastId } = await stage.tell("publish", { count: 1, bytes: 100 });
    await load.close();
    await stage.settle();
    await load.expect(1, 100);
    await stage.tell("publish", { count: missed, bytes: 100 });
    await stage.tell("watchDelay");
    const back = await stage.measure(async () => {
      await stage.open(connections, { sessions, lastEventId: lastId, load });
      return stage.await(load, { count: missed, receivers: connections });
    });
    const { maxMs } = await stage.tell("delay");
    const perReplayed = missed === 0 ? {} : { replayed: (back.cpu / back.events) * 1e6 };
    return { live: (live.cpu / live.events) * 1e6, ...perReplayed, delay: maxMs };
  },
  goals: [
    {
      says: "a replayed event < a live one",
      limit: 1,
      of: (metric) => metric("express-sse-hub", "replayed") / metric("express-sse-hub", "live"),
    },
    {
      says: "no loop delay over 30 ms",
      limit: 30,
      unit: "ms",
      of: (metric) => metric("express-sse-hub", "delay"),
    },
  ],
};

export const storm = {
  name: "storm",
  title: "10 000 first visits at once, express-session",
  metrics: [
    ["seconds", "seconds until all are open", 2],
    ["delay", "longest loop delay ms", 1],
  ],
  cases: ({ peers }) =>
    peers
      .filter(({ name }) => ["express-sse-hub", "naive-express"].includes(name))
      .map((peer) => ({ peer })),
  async run({ start, isQuick, limit }) {
    const connections = limit(isQuick ? 1000 : 10_000);
    const stage = await start({ hasSessions: true });
    await stage.tell("sessions", { count: connections });
    await openAndClose(stage, connections / 2);
    if (!isQuick) await sleep(SESSIONS_AGE_MS);
    await stage.settle();
    await stage.tell("watchDelay");
    const { seconds } = await stage.measure(() =>
      stage.open(connections, { sessions: (index) => index, inFlight: connections }),
    );
    const { maxMs } = await stage.tell("delay");
    return { seconds, delay: maxMs };
  },
  goals: [
    {
      says: "≤ 1.2 × the same route without the hub",
      limit: 1.2,
      of: (metric) => metric("express-sse-hub", "seconds") / metric("naive-express", "seconds"),
    },
    {
      says: "longest loop delay ≤ 1.2 × the same route without the hub",
      limit: 1.2,
      of: (metric) => metric("express-sse-hub", "delay") / metric("naive-express", "delay"),
    },
  ],
};

async function openAndClose(stage, connections) {
  const load = await stage.open(connections, { sessions: (index) => index });
  await load.close();
}

function withSessions(peers, isQuick) {
  return peers
    .filter(({ takesSessions }) => takesSessions)
    .filter(({ name, isHub }) => !isQuick || isHub || name === "naive-express")
    .map((peer) => ({ peer }));
}
