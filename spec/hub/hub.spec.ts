import { AsyncLocalStorage } from "node:async_hooks";
import type { Connection, SseHubError } from "express-sse-hub";
import { createHub, memoryLog } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { Shop, until } from "../support/shop.js";

const ALICE = { login: "alice", profile: "Administrator" };
const BOB = { login: "bob", profile: "Viewer" };

describe("hub.broadcast", () => {
  it("resolves with the id the browser gets, once the event is in the log", async () => {
    const log = memoryLog();
    const shop = await Shop.open({ hub: { log } });
    const stream = await shop.stream();
    const id = await shop.hub.broadcast("order", { total: 7 });
    expect(id).toBe(`${log.epoch}.1`);
    expect(await stream.next()).toEqual({ event: "order", data: '{"total":7}', id });
  });

  it("keeps the order of calls, in one tick and over many", async () => {
    const shop = await Shop.open();
    const streams = [await shop.stream(), await shop.stream()];
    const sent: string[] = [];
    for (let n = 0; n < 500; n += 1) {
      sent.push(String(n));
      void shop.hub.broadcast("message", String(n));
      if (n % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    for (const stream of streams) expect(await stream.nextData(500)).toEqual(sent);
  });

  it("reaches only whom a matcher or a predicate matches", async () => {
    const shop = await Shop.open();
    const alice = await shop.stream("/events", { cookie: await shop.signIn(ALICE) });
    const bob = await shop.stream("/events", { cookie: await shop.signIn(BOB) });
    const nobody = await shop.stream();
    void shop.hub.broadcast("message", "matcher", { profile: "Administrator" });
    void shop.hub.broadcast("message", "predicate", ({ user }) => user?.login === "bob");
    void shop.hub.broadcast("message", "without user", ({ user }) => user === undefined);
    void shop.hub.broadcast("message", "end");
    expect(await alice.nextData(2)).toEqual(["matcher", "end"]);
    expect(await bob.nextData(2)).toEqual(["predicate", "end"]);
    expect(await nobody.nextData(2)).toEqual(["without user", "end"]);
  });

  it("never reaches a connection without a user by a matcher, whatever it asks", async () => {
    const shop = await Shop.open();
    const nobody = await shop.stream();
    await shop.signIn(ALICE);
    void shop.hub.broadcast("message", "secret", { profile: { $exists: false } });
    void shop.hub.broadcast("message", "secret", { $nor: [{ login: "x" }] });
    void shop.hub.broadcast("message", "end");
    expect(await nobody.nextData()).toEqual(["end"]);
  });

  it.each([
    ["a line break in the event", ["a\nb", 1], "ERR_SSE_FIELD"],
    ["data that JSON refuses", ["message", 1n], "ERR_SSE_DATA"],
    ["data above maxPayloadBytes", ["message", "x".repeat(1_048_577)], "ERR_SSE_DATA"],
    ["a filter that is undefined", ["message", 1, undefined], "ERR_SSE_FILTER"],
    ["a filter that is null", ["message", 1, null], "ERR_SSE_FILTER"],
    ["an empty matcher", ["message", 1, {}], "ERR_SSE_FILTER"],
    ["a matcher with undefined", ["message", 1, { profile: undefined }], "ERR_SSE_FILTER"],
    ["a filter that is a string", ["message", 1, "admin"], "ERR_SSE_FILTER"],
  ])("throws at once for %s, and stores nothing", async (_what, args, code) => {
    const log = memoryLog();
    const hub = createHub({ log });
    expect(() => hub.broadcast(...(args as [string, unknown]))).toThrow(
      expect.objectContaining({ name: "SseHubTypeError", code }),
    );
    expect(log.head).toBe(0);
    await hub.close();
  });

  it("sends after a refused payload as if nothing had been [encoding-3]", async () => {
    const shop = await Shop.open();
    const stream = await shop.stream();
    expect(() => shop.hub.broadcast("message", { id: 1n })).toThrow("JSON");
    await shop.hub.broadcast("message", "fine");
    expect(await stream.nextData()).toEqual(["fine"]);
    expect(stream.raw).not.toContain("undefined");
  });

  it("skips connections a predicate throws for, serves the others, and tells once [origin-3] [filter-1]", async () => {
    const shop = await Shop.open();
    const errors: SseHubError[] = [];
    shop.hub.on("error", (error) => errors.push(error));
    const alice = await shop.stream("/events", { cookie: await shop.signIn(ALICE) });
    const nobodies = [await shop.stream(), await shop.stream()];
    void shop.hub.broadcast(
      "message",
      "yes",
      ({ user }) => (user as typeof ALICE).login === "alice",
    );
    void shop.hub.broadcast("message", "end");
    expect(await alice.nextData(2)).toEqual(["yes", "end"]);
    for (const nobody of nobodies) expect(await nobody.nextData()).toEqual(["end"]);
    expect(errors.map(({ code, cause }) => [code, (cause as Error).name])).toEqual([
      ["ERR_SSE_FILTER", "TypeError"],
    ]);
  });

  it.each([
    ["resolves with true", () => Promise.resolve(true)],
    ["resolves with false", () => Promise.resolve(false)],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["is truthy but not true", () => 1],
  ])("reaches nobody by a predicate that %s [filter-1]", async (_what, predicate) => {
    const shop = await Shop.open();
    shop.hub.on("error", () => undefined);
    const stream = await shop.stream("/events", { cookie: await shop.signIn(ALICE) });
    void shop.hub.broadcast("message", "secret", predicate as unknown as () => boolean);
    void shop.hub.broadcast("message", "end");
    expect(await stream.nextData()).toEqual(["end"]);
  });
});

describe("hub.to and hub.except", () => {
  it("sends to the union of rooms, each reader once [filter-5]", async () => {
    const shop = await Shop.open({
      routes: (app) => {
        app.get("/both", (req) => {
          req.sse.join("red", "blue");
        });
      },
    });
    const [red, blue, both] = [
      await shop.stream("/rooms/red"),
      await shop.stream("/rooms/blue"),
      await shop.stream("/both"),
    ];
    const none = await shop.stream();
    void shop.hub.to("red").broadcast("message", "red");
    void shop.hub.to("red", "blue").broadcast("message", "union");
    void shop.hub.to("red").to("blue").broadcast("message", "chained");
    void shop.hub.broadcast("message", "end");
    expect(await red.nextData(4)).toEqual(["red", "union", "chained", "end"]);
    expect(await blue.nextData(3)).toEqual(["union", "chained", "end"]);
    expect(await both.nextData(4)).toEqual(["red", "union", "chained", "end"]);
    expect(await none.nextData()).toEqual(["end"]);
  });

  it("combines room and filter, and spares the connection named [origin-4]", async () => {
    const shop = await Shop.open();
    const cookie = await shop.signIn(ALICE);
    const mine = await shop.stream("/rooms/red", { cookie });
    const other = await shop.stream("/rooms/red", { cookie });
    const stranger = await shop.stream("/rooms/red");
    const { connection } = await mine.opened();
    const others = shop.hub.to("red").except(connection);
    void others.broadcast("message", "alice", { login: "alice" });
    void shop.hub.broadcast("message", "end");
    expect(await mine.nextData()).toEqual(["end"]);
    expect(await other.nextData(2)).toEqual(["alice", "end"]);
    expect(await stranger.nextData()).toEqual(["end"]);
  });

  it("tells every connection which tab an event is not for, but not what the tab calls itself", async () => {
    const shop = await Shop.open();
    const stream = await shop.stream();
    const tab = "tab.1234567890";
    void shop.hub.except(tab).broadcast("message", "said");
    await shop.hub.broadcast("message", "end");
    expect(await stream.nextData(2)).toEqual(["said", "end"]);
    expect(stream.raw).toMatch(/\nevent: message\nexcept: \d+\ndata: said\n\n/);
    expect(stream.raw).not.toContain("1234567890");
  });

  it("never changes the hub it was taken from", async () => {
    const shop = await Shop.open();
    shop.hub.to("red").except("x");
    const stream = await shop.stream();
    await shop.hub.broadcast("message", "all");
    expect(await stream.nextData()).toEqual(["all"]);
  });

  it.each([[[]], [[""]], [[undefined]], [["a", 7]]])("refuses the rooms %j", async (rooms) => {
    const hub = createHub();
    expect(() => hub.to(...(rooms as [string]))).toThrow(
      expect.objectContaining({ code: "ERR_SSE_ROOM" }),
    );
    await hub.close();
  });

  it("refuses an id that is none", async () => {
    const hub = createHub();
    expect(() => hub.except(null as never)).toThrow(
      expect.objectContaining({ code: "ERR_SSE_FILTER" }),
    );
    await hub.close();
  });
});

describe("hub.connections, hub.size and events", () => {
  it("knows who is there, and tells who comes and leaves", async () => {
    const shop = await Shop.open();
    const told: unknown[] = [];
    shop.hub.on("join", ({ user }) => told.push(["join", user?.login]));
    shop.hub.on("leave", ({ user }, reason) => told.push(["leave", user?.login, reason]));
    const alice = await shop.stream("/events", { cookie: await shop.signIn(ALICE) });
    const bob = await shop.stream("/rooms/red", { cookie: await shop.signIn(BOB) });
    expect(shop.hub.size).toBe(2);
    const [found, ...rest] = shop.hub.connections({ login: "bob" });
    expect([found?.user, [...(found?.rooms ?? [])], rest]).toEqual([BOB, ["red"], []]);
    expect(shop.hub.connections(({ rooms }) => rooms.has("red"))).toEqual([found]);
    expect(shop.hub.connections()).toHaveLength(2);
    alice.close();
    await until(() => shop.hub.size === 1, "alice has left");
    found?.close();
    expect(await bob.closed).toBe("close");
    expect(told).toEqual([
      ["join", "alice"],
      ["join", "bob"],
      ["leave", "alice", "gone"],
      ["leave", "bob", "close"],
    ]);
  });

  it("refuses a filter that is none", async () => {
    const hub = createHub();
    expect(() => hub.connections({})).toThrow(expect.objectContaining({ code: "ERR_SSE_FILTER" }));
    await hub.close();
  });

  it("reports a listener that throws, and goes on", async () => {
    const shop = await Shop.open();
    const errors: SseHubError[] = [];
    shop.hub.on("error", (error) => errors.push(error));
    shop.hub.once("join", () => {
      throw new Error("mine");
    });
    const stream = await shop.stream();
    await shop.hub.broadcast("message", "still here");
    expect(await stream.nextData()).toEqual(["still here"]);
    expect(errors.map(({ code }) => code)).toEqual(["ERR_SSE_LISTENER"]);
  });

  it("warns once per code where nobody listens for errors, and never throws", async () => {
    const warn = jest.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    onTestEnd(() => {
      warn.mockRestore();
    });
    const shop = await Shop.open();
    const stream = await shop.stream("/events", { cookie: await shop.signIn(ALICE) });
    const fail = (): boolean => {
      throw new Error("mine");
    };
    void shop.hub.broadcast("message", "x", fail);
    void shop.hub.broadcast("message", "y", fail);
    void shop.hub.broadcast("message", "end");
    await stream.nextData();
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining("Cause: mine."), { type: "SseHubWarning", code: "ERR_SSE_FILTER" }],
    ]);
  });

  it("refuses an event it does not have", async () => {
    const hub = createHub();
    expect(() => hub.on("joined" as never, () => undefined)).toThrow("join, leave, error");
    await hub.close();
  });
});

describe("hub.close", () => {
  it("delivers what was broadcast, says shutdown with a time to return, and ends", async () => {
    const shop = await Shop.open({ hub: { retryMs: [10, 20] } });
    const reasons: string[] = [];
    shop.hub.on("leave", (_connection, reason) => reasons.push(reason));
    const stream = await shop.stream();
    void shop.hub.broadcast("message", "last words");
    await shop.hub.close();
    expect(await stream.closed).toBe("shutdown");
    expect(stream.pending.map(({ data }) => data)).toEqual(["last words"]);
    expect(stream.retryMs).toBeGreaterThanOrEqual(10);
    expect(stream.retryMs).toBeLessThanOrEqual(20);
    expect([shop.hub.size, reasons]).toEqual([0, ["shutdown"]]);
  });

  it("answers those who come later so that they ask again, and lets nobody in", async () => {
    const shop = await Shop.open();
    await shop.hub.close();
    const late = await shop.attempt();
    await late.closed;
    const told = late.hubEvents.map(({ event }) => event);
    expect([late.status, late.headers["content-type"], told]).toEqual([
      200,
      "text/event-stream",
      ["hub:tick"],
    ]);
    expect(late.retryMs).toBeGreaterThanOrEqual(1_000);
    expect(shop.hub.size).toBe(0);
  });

  it("gives the same promise again, and lets a broadcast afterwards reject without a crash", async () => {
    const hub = createHub();
    hub.on("error", () => undefined);
    const closing = hub.close();
    expect(hub.close({ timeoutMs: 5 })).toBe(closing);
    await closing;
    void hub.broadcast("message", "unheard");
    await expect(hub.broadcast("message", "x")).rejects.toThrow(
      expect.objectContaining({ code: "ERR_SSE_CLOSED" }),
    );
  });

  it("leaves no timer and no socket behind", async () => {
    const timers = () =>
      process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    const shop = await Shop.open();
    const stream = await shop.stream();
    await shop.hub.close();
    await stream.closed;
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

describe("createHub", () => {
  it.each([
    [{ heartbeatMs: 0 }, "heartbeatMs"],
    [{ heartbeatMs: "1s" }, "heartbeatMs"],
    [{ heartbeatMs: 2 ** 31 }, "heartbeatMs"],
    [{ retryMs: -1 }, "retryMs"],
    [{ retryMs: [3, 1] }, "retryMs"],
    [{ retryMs: 1.5 }, "retryMs"],
    [{ maxPayloadBytes: 0 }, "maxPayloadBytes"],
    [{ log: {} }, "log"],
    [{ hartbeatMs: 1 }, "Did you mean heartbeatMs?"],
    [{ retry: 1 }, "Did you mean retryMs?"],
    [null, "options of createHub() are null"],
    ["x", 'options of createHub() are "x"'],
  ])("refuses %j, naming what is wrong", (options, why) => {
    expect(() => createHub(options as never)).toThrow(
      expect.objectContaining({ code: "ERR_SSE_OPTION", message: expect.stringContaining(why) }),
    );
  });

  it("takes undefined for every default", async () => {
    const hub = createHub({ log: undefined, heartbeatMs: undefined, retryMs: undefined });
    await hub.close();
    expect(hub.size).toBe(0);
  });
});

it("runs predicates outside of any request's AsyncLocalStorage", async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const shop = await Shop.open({
    routes: (app, hub) => {
      app.use((_req, _res, next) => {
        storage.run("a request", next);
      });
      app.post("/hello", (_req, res) => {
        void hub.broadcast("message", "x", () => {
          seen.push(storage.getStore());
          return true;
        });
        res.sendStatus(202);
      });
    },
  });
  const stream = await shop.stream("/events", { cookie: await shop.signIn(ALICE) });
  await fetch(`${shop.url}/hello`, { method: "POST" });
  await stream.next();
  expect(seen).toEqual([undefined]);
});

it("hands out connections without anything private in them", async () => {
  const shop = await Shop.open();
  const cookie = await shop.signIn(ALICE);
  await shop.stream("/events", { cookie });
  const { inspect } = await import("node:util");
  const [connection] = shop.hub.connections() as [Connection];
  const id = Object.keys(shop.stored)[0] ?? "none";
  expect(inspect([connection, shop.hub], { depth: 20, showHidden: true })).not.toContain(id);
});
