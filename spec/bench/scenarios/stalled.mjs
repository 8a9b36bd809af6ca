// Readers that read nothing, beside others that do.

const STALLED = 100;
const HEALTHY = 20;
// A server without a limit would take all that is sent for each of them.
const MAX_MIB = 1500;

export const stalled = {
  name: "stalled",
  title: "100 stalled readers beside 20 healthy ones while 100 MB are broadcast, 5 MB/s",
  metrics: [
    ["growth", "memory, MiB more", 0],
    ["p99", "p99 ms of the healthy", 1],
    ["cut", "healthy cut", 0],
  ],
  cases: ({ peers, isQuick }) =>
    peers
      .filter(({ isHub, name }) => isHub || ["better-sse", "naive-express"].includes(name))
      .flatMap((peer) => [
        { peer, label: peer.name, stalledCount: STALLED },
        ...(peer.isHub ? [{ peer, label: `${peer.name}, nobody stalled`, stalledCount: 0 }] : []),
      ])
      .filter(({ peer }) => !isQuick || peer.isHub),
  async run({ start, isQuick, stalledCount }) {
    const stage = await start();
    const load = await stage.open(HEALTHY);
    if (stalledCount > 0) await stage.open(stalledCount, { isStalled: true });
    await stage.warmUp(load, { receivers: HEALTHY, bytes: 10_000 });
    await stage.settle();
    const before = stage.rssMiB();
    let most = before;
    const endWatch = stage.watchRss((mebibytes) => {
      most = Math.max(most, mebibytes);
      if (most > MAX_MIB) stage.kill(`it took more than ${MAX_MIB} MiB`);
    });
    const plan = { count: isQuick ? 1000 : 10_000, intervalMs: 2, bytes: 10_000 };
    const { p99, closed } = await stage
      .measure(() => stage.deliver(load, { ...plan, receivers: HEALTHY }))
      .finally(endWatch);
    return { growth: most - before, p99, cut: closed };
  },
  goals: [
    {
      says: "memory ≤ 50 MiB above what it is without them",
      limit: 50,
      unit: "MiB",
      of: (metric) =>
        metric("express-sse-hub", "growth") - metric("express-sse-hub, nobody stalled", "growth"),
    },
    {
      says: "p99 ≤ 1.2 × without them",
      limit: 1.2,
      of: (metric) =>
        metric("express-sse-hub", "p99") / metric("express-sse-hub, nobody stalled", "p99"),
    },
    {
      says: "nobody healthy cut",
      limit: 0,
      unit: "cut",
      of: (metric) => metric("express-sse-hub", "cut"),
    },
  ],
};
