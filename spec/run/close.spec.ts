import { setTimeout as wait } from "node:timers/promises";
import { createHub, memoryLog, type RunStore } from "express-sse-hub";
import { logWith } from "../support/log-with.js";

it("waits for the end of a run that is decided, and not written yet", async () => {
  const written: unknown[] = [];
  const store: Pick<RunStore, "begin" | "write"> = {
    begin: () => Promise.resolve(true),
    write: async (_run, { end }) => {
      await wait(100);
      written.push(end);
      return "in";
    },
  };
  const hub = createHub({ log: logWith(memoryLog(), { runs: store as RunStore }) });
  const run = hub.run("a", () => ["one"], { for: "everybody" });
  await wait(20);
  await hub.close();
  expect(written).toContain("done");
  expect(await run.done).toEqual({ reason: "done", events: 1 });
});
