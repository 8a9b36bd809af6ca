// Several nodes: published on one, delivered by another, with Redis between them.
import { missingRedis, startRedis } from "../harness/redis.mjs";

const RECEIVERS = 200;

export const nodes = {
  name: "nodes",
  title: `50 events/s of 100 B from one node to ${RECEIVERS} connections of another, through Redis`,
  metrics: [
    ["p50", "p50 ms", 2],
    ["p99", "p99 ms", 2],
    ["cpu", "µs CPU of the delivering node per event and receiver", 2],
  ],
  takes: ({ takesRedis }) => takesRedis && missingRedis() === null,
  cases: ({ peers, isQuick }) => [
    ...peers.filter(({ isHub }) => isHub || !isQuick).map((peer) => ({ peer })),
    ...peers
      .filter(({ name }) => name === "express-sse-hub")
      .map((peer) => ({ peer, label: `${peer.name}, one node`, isAlone: true })),
  ],
  async run({ start, onEnd, isQuick, machine, isAlone = false }) {
    const redis = isAlone ? undefined : await startRedis(machine);
    if (redis !== undefined) onEnd(() => redis.end());
    const delivering = await start({ redisUrl: redis?.url });
    const publishing = isAlone ? delivering : await start({ redisUrl: redis.url, at: "load" });
    return measured({ delivering, publishing, count: isQuick ? 100 : 500 });
  },
  goals: [],
};

async function measured({ delivering, publishing, count }) {
  const load = await delivering.open(RECEIVERS);
  const plan = { receivers: RECEIVERS, bytes: 100, from: publishing };
  await delivering.warmUp(load, plan);
  const result = await delivering.measure(() =>
    delivering.deliver(load, { ...plan, count, intervalMs: 20 }),
  );
  const { p50, p99, cpu, events } = result;
  return { p50, p99, cpu: (cpu / events) * 1e6 };
}
