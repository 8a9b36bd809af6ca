// Events to everybody: one by one, as fast as they go, in bursts, and faster than they can go.

const MICROS = ["cpu", "µs CPU per event", 2];
const P50 = ["p50", "p50 ms", 1];
const P99 = ["p99", "p99 ms", 1];

export const paced = {
  name: "paced",
  title: "20 events/s of 100 B to 1000 connections",
  metrics: [MICROS, P50, P99],
  cases: ({ peers, isQuick }) => some(peers, isQuick).map((peer) => ({ peer })),
  async run({ start, isQuick, limit }) {
    const receivers = limit(1000);
    const plan = { count: isQuick ? 30 : 200, intervalMs: 50, bytes: 100 };
    const stage = await start();
    const load = await stage.open(receivers);
    await stage.warmUp(load, { receivers });
    return perEvent(await stage.measure(() => stage.deliver(load, { ...plan, receivers })));
  },
  goals: [
    atMost(
      "1.03 × a prepared Buffer on bare sockets",
      1.03,
      (cpu) => cpu("express-sse-hub") / cpu("prepared-buffer"),
    ),
    atMost("1.0 × Nchan", 1, (cpu) => cpu("express-sse-hub") / cpu("nchan")),
    atMost("0.45 × better-sse", 0.45, (cpu) => cpu("express-sse-hub") / cpu("better-sse")),
  ],
};

export const saturated = {
  name: "saturated",
  title: "1000 B to 10 000 connections, each event as soon as the last has arrived everywhere",
  metrics: [MICROS, P99],
  cases: ({ peers, isQuick }) => some(peers, isQuick).map((peer) => ({ peer })),
  async run({ start, isQuick, limit }) {
    const receivers = limit(isQuick ? 2000 : 10_000);
    const plan = { count: isQuick ? 10 : 20, bytes: 1000, isClosedLoop: true };
    const stage = await start();
    const load = await stage.open(receivers);
    await stage.warmUp(load, { receivers, events: 5, bytes: 1000 });
    return perEvent(await stage.measure(() => stage.deliver(load, { ...plan, receivers })));
  },
  goals: [
    atMost("1.3 × raw C", 1.3, (cpu) => cpu("express-sse-hub") / cpu("raw-c")),
    atMost("0.75 × Nchan", 0.75, (cpu) => cpu("express-sse-hub") / cpu("nchan")),
    atMost("0.3 × better-sse", 0.3, (cpu) => cpu("express-sse-hub") / cpu("better-sse")),
  ],
};

/** @param size events in one tick */
export function burst(size, goal) {
  return {
    name: `burst-${size}`,
    title: `bursts of ${size} events of 100 B in one tick, to 1000 connections`,
    metrics: [MICROS, P99],
    cases: ({ peers, isQuick }) => some(peers, isQuick, ["better-sse"]).map((peer) => ({ peer })),
    async run({ start, isQuick, limit }) {
      const receivers = limit(1000);
      const events = isQuick ? 100 : 300;
      const plan = { count: events, perTick: size, bytes: 100, isClosedLoop: true };
      const stage = await start();
      const load = await stage.open(receivers);
      await stage.warmUp(load, { receivers });
      return perEvent(await stage.measure(() => stage.deliver(load, { ...plan, receivers })));
    },
    goals: [
      atMost(`${goal} × better-sse`, goal, (cpu) => cpu("express-sse-hub") / cpu("better-sse")),
    ],
  };
}

export const overload = {
  name: "overload",
  title: "200 events/s of 100 B to 10 000 connections: faster than a pass takes",
  metrics: [MICROS, P99, ["growth", "memory, second half : first half", 2]],
  cases: ({ peers }) => some(peers, true, ["raw-c"]).map((peer) => ({ peer })),
  async run({ start, isQuick, limit, peer }) {
    const receivers = limit(isQuick ? 2000 : 10_000);
    const stage = await start();
    const load = await stage.open(receivers);
    await stage.warmUp(load, { receivers, events: 5 });
    // What writes each event by itself would fall behind for ever: it takes them one after another.
    const plan = peer.isOutside
      ? { count: isQuick ? 20 : 40, isClosedLoop: true }
      : { count: isQuick ? 200 : 2000, intervalMs: isQuick ? 1 : 5 };
    const memory = [];
    const endWatch = stage.watchRss((mebibytes) => memory.push(mebibytes));
    const result = await stage.measure(() =>
      stage.deliver(load, { ...plan, bytes: 100, receivers }),
    );
    endWatch();
    return { ...perEvent(result), growth: growthOf(memory) };
  },
  goals: [
    atMost("0.5 × raw C", 0.5, (cpu) => cpu("express-sse-hub") / cpu("raw-c")),
    {
      says: "memory flat: ≤ 1.1 × the first half's",
      limit: 1.1,
      of: (metric) => metric("express-sse-hub", "growth"),
    },
  ],
};

export const loopDelay = {
  name: "loop-delay",
  title: "longest delay of the event loop while 1 kB goes to 10 000 connections",
  metrics: [
    ["delay", "longest ms", 1],
    ["usual", "of the median event, ms", 1],
  ],
  cases: ({ peers, isQuick }) =>
    some(peers, isQuick, [])
      .filter(({ isOutside }) => !isOutside)
      .map((peer) => ({ peer })),
  async run({ start, isQuick, limit }) {
    const receivers = limit(isQuick ? 2000 : 10_000);
    const stage = await start();
    const load = await stage.open(receivers);
    await stage.warmUp(load, { receivers, events: 5, bytes: 1000 });
    const delays = [];
    for (let round = 0; round < (isQuick ? 3 : 15); round += 1) {
      await stage.settle();
      await stage.tell("watchDelay");
      await stage.deliver(load, { count: 1, bytes: 1000, receivers });
      delays.push((await stage.tell("delay")).maxMs);
    }
    delays.sort((one, other) => one - other);
    return { delay: delays.at(-1), usual: delays[Math.floor(delays.length / 2)] };
  },
  goals: [
    { says: "≤ 20 ms", limit: 20, of: (metric) => metric("express-sse-hub", "delay"), unit: "ms" },
  ],
};

function perEvent({ cpu, events, p50, p99 }) {
  return { cpu: (cpu / events) * 1e6, p50, p99 };
}

function atMost(says, limit, of) {
  return { says: `≤ ${says}`, limit, of: (metric) => of((peer) => metric(peer, "cpu")) };
}

/** In a quick run, only those that a goal names. */
function some(peers, isQuick, names = ["raw-c", "prepared-buffer", "nchan", "better-sse"]) {
  if (!isQuick) return peers;
  return peers.filter(({ name, isHub }) => isHub || names.includes(name));
}

function growthOf(samples) {
  const half = Math.ceil(samples.length / 2);
  return Math.max(...samples.slice(half)) / Math.max(...samples.slice(0, half));
}
