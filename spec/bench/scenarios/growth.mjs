// How the costs grow: with the connections of one node, and with the nodes on one Redis.
import { setTimeout as sleep } from "node:timers/promises";
import { missingRedis, startRedis } from "../harness/redis.mjs";
import { resting } from "./resting.mjs";

const CONNECTIONS = [100, 1_000, 5_000, 10_000, 19_000];
const NODES = [1, 3, 9];
const PER_NODE = 10;

export const growth = {
  name: "growth",
  title: "100 B to N connections, each event as soon as the last has arrived everywhere",
  isDrawnWhole: true,
  metrics: [
    ["cpu", "µs CPU per event and connection", 2],
    ["kib", "KiB RSS per connection", 1],
    ["p99", "p99 ms", 1],
    ["delay", "longest loop delay ms", 1],
  ],
  cases: ({ peers, isQuick }) =>
    peers
      .filter(({ name }) => name === "express-sse-hub")
      .flatMap((peer) =>
        CONNECTIONS.filter((count) => !isQuick || count <= 1_000).map((count) => ({
          peer,
          label: `${count} connections`,
          count,
        })),
      ),
  async run({ start, limit, count }) {
    const receivers = limit(count);
    const stage = await start();
    await (await stage.open(Math.ceil(receivers / 10))).close();
    const before = await resting(stage);
    const load = await stage.open(receivers);
    const kib = (((await resting(stage)).rss - before.rss) * 1024) / receivers;
    await stage.warmUp(load, { receivers });
    await stage.tell("watchDelay");
    const plan = { count: Math.max(20, 200_000 / receivers), bytes: 100, isClosedLoop: true };
    const { cpu, events, p99 } = await stage.measure(() =>
      stage.deliver(load, { ...plan, count: Math.floor(plan.count), receivers }),
    );
    const { maxMs } = await stage.tell("delay");
    return { cpu: (cpu / events) * 1e6, kib, p99, delay: maxMs };
  },
  goals: [
    {
      says: "an event to one of 19 000 ≤ 1.2 × to one of 1 000",
      limit: 1.2,
      of: (metric) => metric("19000 connections", "cpu") / metric("1000 connections", "cpu"),
    },
  ],
};

export const fleet = {
  name: "fleet",
  title: `as many events of 100 B as one node can publish, to ${PER_NODE} connections on each of N nodes on one Redis`,
  isDrawnWhole: true,
  metrics: [
    ["rate", "events/s", 0],
    ["redis", "µs CPU of Redis per event", 1],
    ["node", "µs CPU of a node per event", 1],
  ],
  takes: ({ takesRedis }) => takesRedis && missingRedis() === null,
  cases: ({ peers }) =>
    peers
      .filter(({ name }) => name === "express-sse-hub")
      .flatMap((peer) => NODES.map((count) => ({ peer, label: `${count} nodes`, count }))),
  async run({ start, onEnd, isQuick, machine, count }) {
    const redis = await startRedis(machine);
    onEnd(() => redis.end());
    const { url: redisUrl } = redis;
    const publishing = await start({ redisUrl, at: "load" });
    const nodes = [];
    for (let n = 0; n < count; n += 1) nodes.push(await start({ redisUrl }));
    const loads = [];
    for (const node of nodes) {
      const load = await node.open(PER_NODE);
      loads.push(load);
      await node.warmUp(load, { receivers: PER_NODE, from: publishing });
    }
    const events = isQuick ? 2_000 : 8_000;
    const spent = () => ({
      redis: redis.cpuSeconds(),
      nodes: nodes.reduce((sum, node) => sum + node.cpuSeconds(), 0),
    });
    for (const load of loads) await load.expect(1, 100);
    const [before, began] = [spent(), performance.now()];
    await publishing.tell("publish", { count: events, bytes: 100, perTick: 20 });
    const counts = await Promise.all(loads.map((load) => load.until(events * PER_NODE, 60_000)));
    const seconds = (performance.now() - began) / 1000;
    // What is behind the last event, such as Redis being told what is read.
    await sleep(100);
    const after = spent();
    const faults = counts.filter(({ events: came }) => came !== events * PER_NODE).length;
    if (faults > 0) throw new Error(`${faults} of ${count} nodes have not received every event`);
    return {
      rate: events / seconds,
      redis: ((after.redis - before.redis) / events) * 1e6,
      node: ((after.nodes - before.nodes) / events / count) * 1e6,
    };
  },
  goals: [],
};
