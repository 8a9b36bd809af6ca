import { memoryLog, type EventLog, type SseHubError } from "express-sse-hub";
import { logWith } from "../support/log-with.js";
import { Shop, until } from "../support/shop.js";

type Read = EventLog["read"];

/** A log that is read otherwise, as one over the network may be. */
function logReadBy(readThrough: (read: Read) => Read): EventLog {
  const inner = memoryLog();
  const read = readThrough((...args) => inner.read(...args));
  return logWith(inner, { read });
}

describe("a log that cannot be read for a while", () => {
  it("costs live readers and those that come meanwhile nothing but time", async () => {
    const network = { isAway: false };
    const log = logReadBy(
      (read) =>
        (...args) =>
          network.isAway ? Promise.reject(new Error("away")) : read(...args),
    );
    const shop = await Shop.open({ hub: { log } });
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

describe("a stretch of the log that must be fetched first", () => {
  it("holds nobody back but those who have missed it, and comes to each of them", async () => {
    let arrive: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    // What comes after the second event is here; what was before it is far away.
    const log = logReadBy((read) => (after, maxBytes) => {
      return after < 2 ? arrival.then(() => read(after, maxBytes)) : read(after, maxBytes);
    });
    const shop = await Shop.open({ hub: { log } });
    const lastEventIds = [`${log.epoch}.0`, `${log.epoch}.1`, `${log.epoch}.0`];
    for (const data of ["1", "2", "3"]) await shop.hub.broadcast("message", data);

    const far = await Promise.all(
      lastEventIds.map((lastEventId) => shop.stream("/events", { lastEventId })),
    );
    const near = await shop.stream("/events", { lastEventId: `${log.epoch}.2` });
    expect(await near.nextData()).toEqual(["3"]);
    await shop.hub.broadcast("message", "4");
    expect(await near.nextData()).toEqual(["4"]);
    expect(far.map(({ pending }) => pending)).toEqual([[], [], []]);

    arrive();
    expect(await far[0]?.nextData(4)).toEqual(["1", "2", "3", "4"]);
    expect(await far[1]?.nextData(3)).toEqual(["2", "3", "4"]);
    expect(await far[2]?.nextData(4)).toEqual(["1", "2", "3", "4"]);
  });
});
