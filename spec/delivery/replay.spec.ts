import { memoryLog } from "express-sse-hub";
import { Shop } from "../support/shop.js";

describe("a browser that returns", () => {
  it("gets everything it missed and may see, in order, then what comes live [origin-3]", async () => {
    const shop = await Shop.open();
    const cookie = await shop.signIn({ login: "bob", profile: "Viewer" });
    const before = await shop.stream("/events", { cookie });
    await shop.hub.broadcast("message", "0");
    await before.next();
    before.close();
    void shop.hub.broadcast("message", "1");
    void shop.hub.broadcast("message", "secret", { profile: "Administrator" });
    void shop.hub.broadcast("message", "2", { profile: "Viewer" });
    void shop.hub.broadcast("message", "3", ({ user }) => user?.login === "bob");

    const { lastEventId } = before;
    const after = await shop.stream("/events", { cookie, lastEventId });
    void shop.hub.broadcast("message", "4");

    expect(await after.opened()).toMatchObject({ recovered: true });
    expect(await after.nextData(4)).toEqual(["1", "2", "3", "4"]);
  });

  it("keeps its cursor when nothing came, and brings it back in hub:open", async () => {
    const shop = await Shop.open();
    const first = await shop.stream();
    const { lastEventId } = first;
    await shop.hub.broadcast("message", "missed");
    const again = await shop.attempt("/events", { lastEventId });
    expect((await again.hub("hub:open")).id).toBe(lastEventId);
    expect(await again.nextData()).toEqual(["missed"]);
  });

  it("gets what was sent to rooms it names at join, or in the same tick", async () => {
    const shop = await Shop.open({
      routes: (app) => {
        app.get("/late-room", (req) => {
          req.sse.join().join("blue");
        });
      },
    });
    const { lastEventId } = await shop.stream();
    void shop.hub.to("red").broadcast("message", "red");
    void shop.hub.to("blue").broadcast("message", "blue");
    const red = await shop.stream("/rooms/red", { lastEventId });
    const blue = await shop.stream("/late-room", { lastEventId });
    expect([await red.nextData(), await blue.nextData()]).toEqual([["red"], ["blue"]]);
  });

  it.each([1_001, 100_001])("gets %d missed events whole", async (count) => {
    const shop = await Shop.open();
    const { lastEventId } = await shop.stream();
    for (let n = 0; n < count; n += 1) void shop.hub.broadcast("message", String(n));
    const stream = await shop.stream("/events", { lastEventId });
    const data = await stream.nextData(count);
    expect(data.every((text, n) => text === String(n))).toBe(true);
  });

  it("is told that its cursor has left the log, and gets nothing old", async () => {
    const shop = await Shop.open({ hub: { log: memoryLog({ maxEvents: 2 }) } });
    const { lastEventId } = await shop.stream();
    for (const text of ["1", "2", "3"]) void shop.hub.broadcast("message", text);
    const stream = await shop.stream("/events", { lastEventId });
    await shop.hub.broadcast("message", "live");
    expect(await stream.opened()).toMatchObject({ recovered: false, reason: "trimmed" });
    expect(await stream.nextData()).toEqual(["live"]);
  });

  it.each([
    ["garbage", "garbage"],
    ["with dots", "a.b.c"],
    ["with a percent sign", "%00"],
    ["of 4000 characters", "x".repeat(4_000)],
    ["with a colon", "hub:open"],
  ])("gets a verdict and live events for a cursor that is %s", async (_what, lastEventId) => {
    const shop = await Shop.open();
    await shop.hub.broadcast("message", "old");
    const header = await shop.stream("/events", { lastEventId });
    const query = await shop.stream(`/events?lastEventId=${encodeURIComponent(lastEventId)}`);
    await shop.hub.broadcast("message", "live");
    for (const stream of [header, query]) {
      expect(await stream.opened()).toMatchObject({ recovered: false, reason: "unknown" });
      expect(await stream.nextData()).toEqual(["live"]);
    }
  });

  it("is told that the log began anew", async () => {
    const [before, after] = [await Shop.open(), await Shop.open()];
    const { lastEventId } = await before.stream();
    const stream = await after.stream("/events", { lastEventId });
    expect(await stream.opened()).toMatchObject({ recovered: false, reason: "epoch" });
  });
});

describe("replay and live together", () => {
  it("give every event once and in order while somebody publishes at full speed", async () => {
    const shop = await Shop.open();
    const { lastEventId } = await shop.stream();
    const always = await shop.stream();
    const total = 5_000;
    let sent = 0;
    const publishing = (async () => {
      while (sent < total) {
        for (let n = 0; n < 50; n += 1) void shop.hub.broadcast("message", String(sent++));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const returns = await Promise.all(
      Array.from({ length: 20 }, () => shop.stream("/events", { lastEventId })),
    );
    await publishing;
    const expected = Array.from({ length: total }, (_, n) => String(n));
    for (const stream of [always, ...returns]) {
      expect(await stream.nextData(total)).toEqual(expected);
    }
  });

  it("let a reader that stalls miss nothing, and hold nobody else up [origin-4]", async () => {
    const shop = await Shop.open();
    const [slow, quick] = [await shop.stream(), await shop.stream()];
    slow.pause();
    const text = "x".repeat(10_000);
    for (let n = 0; n < 2_000; n += 1) void shop.hub.broadcast("message", `${n} ${text}`);
    const numbers = async (stream: typeof slow) =>
      (await stream.nextData(2_000)).map((data) => Number(data.split(" ", 1)));
    const expected = Array.from({ length: 2_000 }, (_, n) => n);
    expect(await numbers(quick)).toEqual(expected);
    slow.resume();
    expect(await numbers(slow)).toEqual(expected);
  });

  it("tell a reader that the log has overtaken it, and go on live in the same stream", async () => {
    const shop = await Shop.open({ hub: { log: memoryLog({ maxEvents: 20 }) } });
    const slow = await shop.stream();
    slow.pause();
    const text = "x".repeat(500_000);
    for (let n = 0; n < 60; n += 1) {
      await shop.hub.broadcast("message", `${n} ${text}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    slow.resume();
    const gap = await slow.hub("hub:gap", 10_000);
    expect([JSON.parse(gap.data), gap.id]).toEqual([{ reason: "trimmed" }, slow.lastEventId]);
    await shop.hub.broadcast("message", "live");
    const seen = [];
    for (let data = ""; data !== "live"; seen.push(data.split(" ", 1)[0])) {
      data = (await slow.next()).data;
    }
    // A first part whole, then the gap, then live: never a hole without a word.
    const numbers = seen.slice(0, -1).map(Number);
    expect(numbers).toEqual(numbers.map((_, n) => n));
  });
});
