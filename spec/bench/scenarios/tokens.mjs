// What a token of a run costs, beside other ways to send it.
import { measureTokens } from "../runs/measure.mjs";
import { missingRedis } from "../harness/redis.mjs";

const RUNS = 200;

/** What is compared, and with what. `nodes`: 2 with the followers on another node than the producer. */
const CASES = [
  { label: "plain res.write", way: "plain", nodes: 1, runs: RUNS, followers: 1 },
  {
    label: "run in memory",
    way: "hub",
    nodes: 1,
    runs: RUNS,
    followers: 1,
    beside: "plain res.write",
    limit: 1.5,
  },
  { label: "resumable-stream, 1 follower", way: "resumable", nodes: 2, runs: RUNS, followers: 1 },
  {
    label: "run in Redis, 1 follower",
    way: "hub",
    nodes: 2,
    runs: RUNS,
    followers: 1,
    beside: "resumable-stream, 1 follower",
    limit: 1,
  },
  {
    label: "resumable-stream, 10 followers",
    way: "resumable",
    nodes: 2,
    runs: RUNS / 10,
    followers: 10,
  },
  {
    label: "run in Redis, 10 followers",
    way: "hub",
    nodes: 2,
    runs: RUNS / 10,
    followers: 10,
    beside: "resumable-stream, 10 followers",
    limit: 0.3,
  },
  { label: "broadcast to 1000", way: "broadcast", nodes: 1, runs: 1, followers: 1_000 },
  {
    label: "run with 1000 followers",
    way: "hub",
    nodes: 1,
    runs: 1,
    followers: 1_000,
    beside: "broadcast to 1000",
    limit: 1.1,
  },
];

export const tokens = {
  name: "tokens",
  title: "runs of 50 tokens a second each",
  metrics: [
    ["cpu", "µs CPU per token and follower", 1],
    ["p50", "p50 ms", 1],
    ["p99", "p99 ms", 1],
  ],
  takes: ({ name }) => name === "express-sse-hub",
  // The ways are no peers: they are only run where the hub is.
  cases: ({ peers, isQuick }) =>
    peers.length === 0 || isQuick
      ? []
      : CASES.filter(({ nodes }) => nodes === 1 || missingRedis() === null),
  run: measureTokens,
  goals: CASES.filter(({ limit }) => limit !== undefined).map(({ label, beside, limit }) => ({
    says: `${label}: ≤ ${limit} × ${beside}`,
    limit,
    of: (metric) => metric(label, "cpu") / metric(beside, "cpu"),
  })),
};
