// What a request costs an application whose responses never set the cookie of the credential.
import { measureRequests } from "../requests/measure.mjs";

export const requests = {
  name: "requests",
  title: "a request that gets 30 bytes of JSON, and opens no stream",
  metrics: [
    ["none", "µs CPU without sse()", 1],
    ["without", "× that with credential: null", 2],
    ["with", "× credential: null with credential", 2],
  ],
  takes: ({ name }) => name === "express-sse-hub",
  // A few rounds would tell nothing.
  cases: ({ peers, isQuick }) => (isQuick ? [] : peers.map((peer) => ({ peer }))),
  run: measureRequests,
  goals: [
    {
      says: "with credential: ≤ 1.02 × credential: null",
      limit: 1.02,
      of: (metric) => metric("express-sse-hub", "with"),
    },
  ],
};
