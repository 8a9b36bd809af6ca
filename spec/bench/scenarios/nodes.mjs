// Several nodes: published on one, delivered by another, with Redis or PostgreSQL between them.
import { missingPostgres, startPostgres } from "../harness/postgres.mjs";
import { missingRedis, startRedis } from "../harness/redis.mjs";

const RECEIVERS = 200;

export const nodes = {
  name: "nodes",
  title: `50 events/s of 100 B from one node to ${RECEIVERS} connections of another, through Redis or PostgreSQL`,
  metrics: [
    ["p50", "p50 ms", 2],
    ["p99", "p99 ms", 2],
    ["cpu", "µs CPU of the delivering node per event and receiver", 2],
    ["most", "events/s when as many as possible are sent", 0],
  ],
  takes: ({ takesRedis }) => takesRedis && missingRedis() === null,
  cases: ({ peers, isQuick }) => [
    ...peers.filter(({ isHub }) => isHub || !isQuick).map((peer) => ({ peer })),
    ...peers
      .filter(({ name }) => name === "express-sse-hub")
      .flatMap((peer) => [
        ...(missingPostgres() === null
          ? [{ peer, label: `${peer.name}, PostgreSQL`, isInPostgres: true }]
          : []),
        { peer, label: `${peer.name}, one node`, isAlone: true },
      ]),
  ],
  async run({ start, onEnd, isQuick, machine, isAlone = false, isInPostgres = false }) {
    const shared = isAlone ? {} : await startShared(machine, onEnd, isInPostgres);
    const delivering = await start(shared);
    const publishing = isAlone ? delivering : await start({ ...shared, at: "load" });
    return measured({ delivering, publishing, isQuick });
  },
  goals: [],
};

async function startShared(machine, onEnd, isInPostgres) {
  const server = await (isInPostgres ? startPostgres(machine) : startRedis(machine));
  onEnd(() => server.end());
  return isInPostgres ? { postgresUrl: server.url } : { redisUrl: server.url };
}

async function measured({ delivering, publishing, isQuick }) {
  const load = await delivering.open(RECEIVERS);
  const plan = { receivers: RECEIVERS, bytes: 100, from: publishing };
  await delivering.warmUp(load, plan);
  const result = await delivering.measure(() =>
    delivering.deliver(load, { ...plan, count: isQuick ? 100 : 500, intervalMs: 20 }),
  );
  const { p50, p99, cpu, events } = result;
  const count = isQuick ? 2_000 : 8_000;
  const { seconds } = await delivering.measure(() =>
    delivering.deliver(load, { ...plan, count, perTick: 20 }),
  );
  return { p50, p99, cpu: (cpu / events) * 1e6, most: count / seconds };
}
