import { createHub, memoryLog, type SseHubError } from "express-sse-hub";
import { Pace } from "../../lib/publish/pace.js";
import { Shop } from "../support/shop.js";

const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n));

describe("a loop that awaits each broadcast", () => {
  it.each([
    ["few events", { maxEvents: 400 }, ""],
    ["few bytes", { maxBytes: 40_000 }, "x".repeat(100)],
  ])(
    "goes no faster than browsers are given them, with a log that holds %s",
    async (_what, bounds, padding) => {
      const shop = await Shop.open({ hub: { log: memoryLog(bounds) } });
      const stream = await shop.stream();
      const errors: SseHubError[] = [];
      shop.hub.on("error", (error) => errors.push(error));

      for (const n of numbers(3_000)) await shop.hub.broadcast("message", `${n} ${padding}`);

      const given = (await stream.nextData(3_000)).map((data) => data.split(" ", 1).join());
      expect(given).toEqual(numbers(3_000));
      expect(errors).toEqual([]);
      expect(stream.hubEvents.map(({ event }) => event)).not.toContain("hub:gap");
    },
  );

  it("is not held up where nobody is connected", async () => {
    const hub = createHub();
    for (const n of numbers(5_000)) await hub.broadcast("message", n);
    expect(hub.stats().published).toBe(5_000);
    await hub.close();
  });
});

it("tells of events that leave the log before they are delivered, and browsers of the gap", async () => {
  const shop = await Shop.open({ hub: { log: memoryLog({ maxEvents: 100 }) } });
  const stream = await shop.stream();
  const errors: SseHubError[] = [];
  shop.hub.on("error", (error) => errors.push(error));

  await Promise.all(numbers(1_000).map((n) => shop.hub.broadcast("message", n)));

  await stream.hub("hub:gap");
  expect(errors).toMatchObject([{ code: "ERR_SSE_OVERRUN" }]);
});

describe("the pace", () => {
  const never = new Promise<void>(() => undefined);

  it.each([
    ["1 024 events", 1, 1_024],
    ["1 MiB", 65_536, 16],
  ])("lets one wait after %s, and then again", (_what, bytes, count) => {
    const pace = new Pace({ head: 0, stale: 0 }, () => never);
    for (let round = 0; round < 2; round += 1) {
      const waits = Array.from({ length: count }, () => pace.take(bytes));
      expect(waits).toEqual([...Array<null>(count - 1).fill(null), never]);
    }
  });

  it("lets one wait once a quarter of what the log can hold has come", () => {
    const log = { head: 0, stale: 0 };
    const pace = new Pace(log, () => never);
    expect(pace.take(1)).toBeNull();
    Object.assign(log, { head: 4, stale: 1 });
    expect([pace.take(1), pace.take(1)]).toEqual([never, null]);
  });
});
