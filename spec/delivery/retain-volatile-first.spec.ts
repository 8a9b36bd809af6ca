import type { SseHubError } from "express-sse-hub";
import { memoryLog } from "express-sse-hub";
import { Shop, until } from "../support/shop.js";

const ALICE = { login: "alice", profile: "Administrator" };

describe("retain", () => {
  it("gives newcomers the newest event of each key, without id, before what comes live", async () => {
    const shop = await Shop.open();
    await shop.hub.retain("price").broadcast("price", 1);
    await shop.hub.retain("weather").broadcast("weather", "rain");
    await shop.hub.retain("price").broadcast("price", 2);
    const stream = await shop.stream();
    const cursor = stream.lastEventId;
    await shop.hub.broadcast("message", "live");
    expect([await stream.next(), await stream.next(), (await stream.next()).data]).toEqual([
      { event: "weather", data: "rain", id: undefined },
      { event: "price", data: "2", id: undefined },
      "live",
    ]);
    expect(cursor).toMatch(/\.3$/);
  });

  it("asks whom it reaches, as everything does", async () => {
    const shop = await Shop.open();
    const cookie = await shop.signIn(ALICE);
    void shop.hub.retain("a").broadcast("message", "admins", { profile: "Administrator" });
    void shop.hub.to("red").retain("b").broadcast("message", "red");
    const [alice, nobody, red] = [
      await shop.stream("/events", { cookie }),
      await shop.stream(),
      await shop.stream("/rooms/red"),
    ];
    await shop.hub.broadcast("message", "end");
    expect(await alice.nextData(2)).toEqual(["admins", "end"]);
    expect(await nobody.nextData()).toEqual(["end"]);
    expect(await red.nextData(2)).toEqual(["red", "end"]);
  });

  it("adds nothing to a return that gets all it missed", async () => {
    const shop = await Shop.open();
    await shop.hub.retain("price").broadcast("price", 1);
    const { lastEventId } = await shop.stream();
    await shop.hub.retain("price").broadcast("price", 2);
    const again = await shop.stream("/events", { lastEventId });
    await shop.hub.broadcast("message", "live");
    expect(await again.nextData(2)).toEqual(["2", "live"]);
  });

  it("is given on joining its room later, once", async () => {
    const shop = await Shop.open();
    await shop.hub.to("red", "blue").retain("a").broadcast("message", "both");
    await shop.hub.to("red").retain("b").broadcast("message", "red");
    const stream = await shop.stream("/rooms/blue");
    const [connection] = shop.hub.connections();
    connection?.join("red");
    connection?.join("red");
    await shop.hub.broadcast("message", "live");
    expect(await stream.nextData(3)).toEqual(["both", "red", "live"]);
  });

  it("is given after a verdict that old events are lost", async () => {
    const shop = await Shop.open({ hub: { log: memoryLog({ maxEvents: 1 }) } });
    const { lastEventId } = await shop.stream();
    await shop.hub.retain("price").broadcast("price", 1);
    await shop.hub.broadcast("message", "x");
    await shop.hub.broadcast("message", "y");
    const again = await shop.stream("/events", { lastEventId });
    expect(await again.opened()).toMatchObject({ recovered: false, reason: "trimmed" });
    expect(await again.nextData()).toEqual(["1"]);
  });

  it("keeps at most a thousand keys, the newest", async () => {
    const shop = await Shop.open();
    for (let n = 0; n < 1_001; n += 1)
      void shop.hub.retain(String(n)).broadcast("message", String(n));
    const stream = await shop.stream();
    const data = await stream.nextData(1_000);
    expect([data[0], data.at(-1)]).toEqual(["1", "1000"]);
  });

  it("is taken back by clear(), whoever it was for, and may be set again", async () => {
    const shop = await Shop.open();
    await shop.hub.retain("price").broadcast("price", 1);
    await shop.hub.to("red").retain("import").broadcast("message", "done");
    await shop.hub.retain("import").clear();
    const red = await shop.stream("/rooms/red");
    await shop.hub.retain("import").broadcast("message", "done again");
    const late = await shop.stream();
    await shop.hub.broadcast("message", "end");
    expect(await red.nextData(3)).toEqual(["1", "done again", "end"]);
    expect(await late.nextData(3)).toEqual(["1", "done again", "end"]);
    expect(shop.hub.stats().published).toBe(4);
  });

  it("sends nothing to those who are there when it is taken back, and costs no return its place", async () => {
    const shop = await Shop.open();
    await shop.hub.retain("import").broadcast("message", "done");
    const stream = await shop.stream();
    await shop.hub.retain("import").clear();
    const away = await shop.stream("/events", { lastEventId: stream.lastEventId });
    await shop.hub.broadcast("message", "end");
    expect(await stream.nextData(2)).toEqual(["done", "end"]);
    expect([(await away.opened()).recovered, await away.nextData()]).toEqual([true, ["end"]]);
    expect(stream.raw).not.toMatch(/\n\n\n/);
  });

  it("is not given any more after maxAgeMs", async () => {
    const shop = await Shop.open();
    await shop.hub.retain("import", { maxAgeMs: 20 }).broadcast("message", "done");
    await shop.hub.retain("price", { maxAgeMs: 3_600_000 }).broadcast("price", 1);
    const first = async () => {
      const stream = await shop.stream();
      await shop.hub.broadcast("message", "end");
      return stream.nextData();
    };
    while ((await first())[0] === "done");
    expect(await first()).toEqual(["1"]);
  });

  it.each([[0], ["1m"], [Infinity]])("refuses maxAgeMs %j", async (maxAgeMs) => {
    const shop = await Shop.open();
    expect(() => shop.hub.retain("a", { maxAgeMs: maxAgeMs as number })).toThrow(
      expect.objectContaining({ code: "ERR_SSE_OPTION" }),
    );
  });

  it("cannot be taken back from a hub that has closed", async () => {
    const shop = await Shop.open();
    await shop.hub.close();
    shop.hub.on("error", () => undefined);
    await expect(shop.hub.retain("a").clear()).rejects.toMatchObject({ code: "ERR_SSE_CLOSED" });
  });

  it.each([[""], [undefined], [7]])("refuses the key %j", async (key) => {
    const shop = await Shop.open();
    expect(() => shop.hub.retain(key as string)).toThrow(
      expect.objectContaining({ code: "ERR_SSE_FIELD" }),
    );
  });
});

describe("volatile", () => {
  it("comes in order with the rest, without id, to those who are there", async () => {
    const shop = await Shop.open();
    const stream = await shop.stream();
    const first = await shop.hub.broadcast("message", "a");
    void shop.hub.volatile().broadcast("typing", "b");
    expect(await stream.nextData(2)).toEqual(["a", "b"]);
    expect(stream.lastEventId).toBe(first);
  });

  it("is not replayed to a browser that was away", async () => {
    const shop = await Shop.open();
    const { lastEventId } = await shop.stream();
    await shop.hub.volatile().broadcast("typing", "missed");
    await shop.hub.broadcast("message", "kept");
    const again = await shop.stream("/events", { lastEventId });
    await shop.hub.volatile().broadcast("typing", "now");
    expect(await again.nextData(2)).toEqual(["kept", "now"]);
    expect(shop.hub.stats().dropped).toBe(1);
  });
});

describe("first", () => {
  function open(first: () => [string, unknown] | Promise<[string, unknown]>) {
    return Shop.open({
      routes: (app) => {
        app.get("/state", (req) => {
          req.sse.join({ rooms: ["red"], first });
        });
      },
    });
  }

  it("goes out before anything else, and what is broadcast meanwhile waits", async () => {
    let answer: (state: [string, unknown]) => void = () => undefined;
    const first = jest.fn(() => new Promise<[string, unknown]>((resolve) => (answer = resolve)));
    const shop = await open(first);
    await shop.hub.retain("r").broadcast("message", "retained");
    const stream = await shop.stream("/state");
    await until(() => first.mock.calls.length === 1, "the state is asked for");
    await shop.hub.to("red").broadcast("message", "meanwhile");
    answer(["state", { count: 1 }]);
    expect(await stream.nextData(3)).toEqual(['{"count":1}', "retained", "meanwhile"]);
  });

  it("is given on the return of a browser that left before it came", async () => {
    let answer: (state: [string, unknown]) => void = () => undefined;
    const first = jest.fn(() => new Promise<[string, unknown]>((resolve) => (answer = resolve)));
    const shop = await open(first);
    await shop.hub.retain("r").broadcast("message", "retained");
    const early = await shop.stream("/state");
    await shop.hub.broadcast("message", "meanwhile");
    early.close();
    const again = await shop.stream("/state", { lastEventId: early.lastEventId });
    await until(() => first.mock.calls.length === 2, "the state is asked for again");
    answer(["state", "state"]);
    expect(await again.nextData(3)).toEqual(["state", "retained", "meanwhile"]);
    expect(await again.opened()).toMatchObject({ recovered: true });
    const third = await shop.stream("/state", { lastEventId: again.lastEventId });
    await shop.hub.broadcast("message", "end");
    expect(await third.nextData()).toEqual(["end"]);
  });

  it("is not asked for on a return that gets all it missed, and again when it does not", async () => {
    const first = jest.fn((): [string, unknown] => ["state", first.mock.calls.length]);
    const shop = await open(first);
    const stream = await shop.stream("/state");
    await stream.next();
    await shop.stream("/state", { lastEventId: stream.lastEventId });
    expect(first).toHaveBeenCalledTimes(1);
    const lost = await shop.stream("/state", { lastEventId: "other.1" });
    expect((await lost.next()).data).toBe("2");
  });

  it.each<[string, () => [string, unknown] | Promise<[string, unknown]>]>([
    [
      "throws",
      () => {
        throw new Error("mine");
      },
    ],
    ["rejects", () => Promise.reject(new Error("mine"))],
    ["names an event that is refused", () => ["a\nb", 1]],
    ["gives data that is refused", () => ["state", 1n]],
    ["gives nothing", () => undefined as never],
  ])("ends the stream with a word when it %s", async (_how, first) => {
    const shop = await open(first);
    const errors: SseHubError[] = [];
    shop.hub.on("error", (error) => errors.push(error));
    const stream = await shop.attempt("/state");
    expect(await stream.closed).toBe("error");
    expect([errors.map(({ code }) => code), shop.hub.size]).toEqual([["ERR_SSE_SOURCE"], 0]);
  });
});

const AUDIENCE: unknown = expect.stringMatching(/^{"audience":"[\w-]{22}"}$/);

describe("a reader that asks for a tick when it is live", () => {
  it("gets it behind its state, what is retained and what it missed, and before anything new", async () => {
    const shop = await Shop.open({
      hub: { heartbeatMs: null },
      routes: (app) => {
        app.get("/state", (req) => {
          req.sse.join({ first: async () => ["state", await Promise.resolve("state")] });
        });
      },
    });
    await shop.hub.retain("r").broadcast("message", "retained");
    const stream = await shop.stream("/state?tick=live");
    const { id } = await stream.hub("hub:tick");
    await shop.hub.broadcast("message", "new");
    await stream.nextData(3);
    expect(stream.all.slice(1).map(({ event, data, id }) => [event, data, id])).toEqual([
      ["state", "state", undefined],
      ["message", "retained", undefined],
      ["hub:tick", AUDIENCE, id],
      ["message", "new", stream.lastEventId],
    ]);
    const again = await shop.stream("/state?tick=live", { lastEventId: id });
    await again.hub("hub:tick");
    expect(again.all.map(({ event, data }) => [event, data]).slice(1)).toEqual([
      ["message", "new"],
      ["hub:tick", AUDIENCE],
    ]);
  });
});

describe("a quiet reader", () => {
  it("keeps a cursor that stays in the log although nothing is for it", async () => {
    const shop = await Shop.open({
      hub: { log: memoryLog({ maxEvents: 100 }), heartbeatMs: null },
    });
    const quiet = await shop.stream();
    for (let n = 0; n < 1_000; n += 1) {
      await shop.hub.to("elsewhere").broadcast("message", n);
      if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await shop.hub.broadcast("message", "end");
    await quiet.next();
    const ticks = quiet.hubEvents.filter(({ event }) => event === "hub:tick");
    expect(ticks.length).toBeGreaterThanOrEqual(10);
    expect(ticks.length).toBeLessThanOrEqual(60);
    const [tick] = ticks.slice(-1);
    quiet.close();
    const again = await shop.stream("/events", { lastEventId: tick?.id });
    expect(await again.opened()).toMatchObject({ recovered: true });
    expect(await again.nextData()).toEqual(["end"]);
  });
});
