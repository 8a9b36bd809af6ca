import { memoryLog, type EventLog, type SseHubError } from "express-sse-hub";
import { Shop, until } from "../support/shop.js";

/** A log that cannot be read while it is away, as one over the network may be. */
function failingLog(state: { isAway: boolean }): EventLog {
  const inner = memoryLog();
  return new Proxy(inner, {
    get: (_target, name) => {
      const value: unknown = Reflect.get(inner, name, inner);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        if (name === "read" && state.isAway) return Promise.reject(new Error("away"));
        return Reflect.apply(value, inner, args) as unknown;
      };
    },
  });
}

describe("a log that cannot be read for a while", () => {
  it("costs live readers and those that come meanwhile nothing but time", async () => {
    const network = { isAway: false };
    const shop = await Shop.open({ hub: { log: failingLog(network) } });
    const errors: SseHubError[] = [];
    shop.hub.on("error", (error) => errors.push(error));
    const live = await shop.stream();
    const { lastEventId } = live;
    await shop.hub.broadcast("message", "before");
    expect(await live.nextData()).toEqual(["before"]);

    network.isAway = true;
    const returned = [
      await shop.stream("/events", { lastEventId }),
      await shop.stream("/events", { lastEventId }),
    ];
    await shop.hub.broadcast("message", "while away");
    // Live delivery and replay have both failed.
    await until(() => errors.length >= 2, "both have failed");
    network.isAway = false;

    expect(await live.nextData()).toEqual(["while away"]);
    for (const stream of returned) {
      expect(await stream.nextData(2)).toEqual(["before", "while away"]);
    }
    expect(new Set(errors.map(({ code, cause }) => `${code} ${(cause as Error).message}`))).toEqual(
      new Set(["ERR_SSE_LOG away"]),
    );
  });
});
