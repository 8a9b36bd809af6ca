// Events to a few of many: what those cost who are not meant.
import { GROUPS } from "../harness/users.mjs";

const IDLE_MS = 2000;
// So many that the code is warm even where an event visits few connections.
const WARM_UP_EVENTS = 50;

export const matcher = {
  name: "matcher",
  title: "100 B to the 1 % of 10 000 connections whose user a matcher reaches, 50 a second",
  metrics: [
    ["cpu", "µs CPU per event and receiver", 2],
    ["p99", "p99 ms", 1],
  ],
  cases: (given) => [
    ...targeting(given).map(({ peer, name }) => ({ peer, label: `${name} of all`, isAll: true })),
    ...targeting(given).map(({ peer, name }) => ({ peer, label: `${name} that holds only those` })),
  ],
  async run({ start, isQuick, limit, isAll = false }) {
    const receivers = limit(isQuick ? 1000 : 10_000) / GROUPS;
    // Group 0 is every hundredth user.
    const sessions = isAll ? (index) => index : (index) => index * GROUPS;
    const plan = { ...planFor(isQuick), audience: { group: 0 }, receivers };
    const connections = isAll ? receivers * GROUPS : receivers;
    return targeted(start, { connections, sessions, plan });
  },
  goals: [
    {
      says: "≤ 1.1 × a hub that holds only those",
      limit: 1.1,
      of: (metric) =>
        metric("express-sse-hub of all", "cpu") /
        metric("express-sse-hub that holds only those", "cpu"),
    },
  ],
};

export const oneRecipient = {
  name: "one-recipient",
  title: "100 B to one connection of 100 (few) or 10 000 (many), named by a matcher, 50 a second",
  metrics: [
    ["cpu", "µs CPU per event", 1],
    ["p99", "p99 ms", 1],
  ],
  cases: (given) => [
    ...targeting(given).map(({ peer, name }) => ({ peer, label: `${name}, few`, of: 100 })),
    ...targeting(given).map(({ peer, name }) => ({ peer, label: `${name}, many`, of: 10_000 })),
  ],
  async run({ start, isQuick, limit, of }) {
    const connections = limit(isQuick ? Math.min(of, 1000) : of);
    const plan = { ...planFor(isQuick), audience: { id: 7 }, receivers: 1 };
    return targeted(start, { connections, sessions: (index) => index, plan });
  },
  goals: [
    {
      says: "≤ 1.5 × the cost among few",
      limit: 1.5,
      of: (metric) =>
        metric("express-sse-hub, many", "cpu") / metric("express-sse-hub, few", "cpu"),
    },
  ],
};

async function targeted(start, { connections, sessions, plan }) {
  const stage = await start({ hasSessions: true });
  await stage.tell("sessions", { count: 10_000 });
  const load = await stage.open(connections, { sessions });
  await stage.warmUp(load, { ...plan, events: WARM_UP_EVENTS });
  await stage.settle();
  // So many connections cost something when nothing is sent, too: heartbeats, sessions read again.
  const idle = await stage.measure(() => new Promise((resolve) => setTimeout(resolve, IDLE_MS)));
  const result = await stage.measure(() => stage.deliver(load, { ...plan, bytes: 100 }));
  const cpu = result.cpu - (idle.cpu / idle.seconds) * result.seconds;
  return { cpu: (cpu / result.events) * 1e6, p99: result.p99 };
}

function planFor(isQuick) {
  return { count: isQuick ? 60 : 400, intervalMs: 20 };
}

function targeting({ peers, isQuick }) {
  return peers
    .filter(({ takesAudiences, isHub }) => takesAudiences && (isHub || !isQuick))
    .map((peer) => ({ peer, name: peer.name }));
}
