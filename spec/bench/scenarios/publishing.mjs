// What publishing itself costs, and what it saves to let events wait for each other.

export const coalesced = {
  name: "coalesced",
  title: "400 events/s of 100 B to 1000 connections, with coalesceMs and without",
  metrics: [
    ["cpu", "µs CPU per event", 2],
    ["p50", "p50 ms", 1],
    ["p99", "p99 ms", 1],
  ],
  cases: ({ peers }) =>
    peers
      .filter(({ name }) => name === "express-sse-hub")
      .flatMap((peer) => [
        { peer, label: peer.name, coalesceMs: 0 },
        ...[5, 20].map((coalesceMs) => ({
          peer,
          label: `${peer.name}, coalesceMs: ${coalesceMs}`,
          coalesceMs,
        })),
      ]),
  async run({ start, isQuick, limit, coalesceMs }) {
    const receivers = limit(1_000);
    const plan = { count: isQuick ? 400 : 2_000, intervalMs: 2.5, bytes: 100, receivers };
    const stage = await start({ hubOptions: { coalesceMs } });
    const load = await stage.open(receivers);
    await stage.warmUp(load, { receivers });
    const { cpu, events, p50, p99 } = await stage.measure(() => stage.deliver(load, plan));
    return { cpu: (cpu / events) * 1e6, p50, p99 };
  },
  goals: [
    {
      says: "coalesceMs: 5 ≤ 0.3 × without",
      limit: 0.3,
      of: (metric) =>
        metric("express-sse-hub, coalesceMs: 5", "cpu") / metric("express-sse-hub", "cpu"),
    },
  ],
};

export const flatOut = {
  name: "flat-out",
  title: "300 000 broadcasts of 100 B that nobody awaits, before anything is delivered",
  metrics: [
    ["bytes", "bytes of memory per event, beside its own", 0],
    ["growth", "MB more of the process", 0],
  ],
  cases: ({ peers }) =>
    peers.filter(({ isHub, isVariant }) => isHub && isVariant !== true).map((peer) => ({ peer })),
  async run({ start, isQuick }) {
    const stage = await start();
    await stage.tell("flatOut", { count: 1_000, bytes: 100 });
    return stage.tell("flatOut", { count: isQuick ? 50_000 : 300_000, bytes: 100 });
  },
  goals: [
    {
      says: "≤ 400 B an event",
      limit: 400,
      unit: "B",
      of: (metric) => metric("express-sse-hub", "bytes"),
    },
  ],
};
