import { createHub, memoryLog, type SseHubError } from "express-sse-hub";
import { setImmediate as nextTurn } from "node:timers/promises";
import { watchRejections } from "../support/watch-rejections.js";

describe.each<[string, () => string | Promise<string>]>([
  ["rejects", () => Promise.reject(new Error("full"))],
  [
    "throws",
    () => {
      throw new Error("full");
    },
  ],
])("what is called without await on a log that %s", (_how, append) => {
  it.each<[string, (hub: ReturnType<typeof createHub>) => Promise<unknown>]>([
    ["broadcast", (hub) => hub.broadcast("message", "x")],
    ["clear", (hub) => hub.retain("key").clear()],
  ])("is reported and ends no process: %s", async (_what, call) => {
    const unhandled = watchRejections();
    const hub = createHub({ log: Object.assign(memoryLog(), { append }) });
    const errors: SseHubError[] = [];
    hub.on("error", (error) => errors.push(error));
    void call(hub);
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
    expect(unhandled).toEqual([]);
    expect(errors).toMatchObject([{ code: "ERR_SSE_LOG" }]);
  });
});
