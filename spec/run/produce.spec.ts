import { createHub, type RunOptions } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";

describe("the source of a run", () => {
  it.each<[string, RunOptions, unknown]>([
    ["outgrows its bounds", { for: "everybody", maxEvents: 1 }, "item"],
    ["gives what JSON cannot hold", { for: "everybody" }, 1n],
  ])("is told once that nothing more is wanted when it %s", async (_what, options, value) => {
    const hub = createHub();
    onTestEnd(() => hub.close());
    hub.on("error", () => undefined);
    const calls: string[] = [];
    const iterator: AsyncIterator<unknown> = {
      next: () => Promise.resolve({ done: false, value }),
      return: () => {
        calls.push("return");
        return Promise.reject(new Error("nothing to end"));
      },
    };
    const run = hub.run("a", () => ({ [Symbol.asyncIterator]: () => iterator }), options);
    expect(await run.done).toMatchObject({ reason: "failed" });
    expect(calls).toEqual(["return"]);
  });
});
