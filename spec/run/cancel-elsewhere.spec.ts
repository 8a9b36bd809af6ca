import { cancelElsewhere, type CancelParts } from "../../lib/run/cancel-elsewhere.js";
import { RunRecord } from "../../lib/run/run-record.js";
import type { RunHeader } from "express-sse-hub";

const RUN: RunHeader = { id: "a", token: "t", for: null, since: 0, leaseMs: 20, keepMs: 1 };

it.each([
  ["lost", true],
  ["cancelled", true],
  ["done", false],
  ["gone", false],
] as const)(
  "is told by the store that a run is %s whose end does not arrive: %p",
  async (verdict, isCancelled) => {
    const parts = {
      store: { lose: () => Promise.resolve(verdict) },
      mirrors: { open: () => new RunRecord(RUN.token), close: () => undefined },
      log: { tell: () => Promise.resolve() },
    };
    expect(await cancelElsewhere(RUN, parts as unknown as CancelParts)).toBe(isCancelled);
  },
);
