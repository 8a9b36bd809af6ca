import { AsyncLocalStorage } from "node:async_hooks";
import {
  channel,
  subscribe,
  tracingChannel,
  unsubscribe,
  type TracingChannelSubscribers,
} from "node:diagnostics_channel";
import {
  createHub,
  type BroadcastTrace,
  type Connection,
  type Hub,
  type HubChannels,
} from "express-sse-hub";
import { publisher, redisLog } from "express-sse-hub/redis";
import { Registry } from "prom-client";
import supertest from "supertest";
import { show } from "../metrics/scraped.js";
import { onTestEnd } from "../support/disposers.js";
import { describeWithRedis } from "../support/redis.js";
import { Shop, until } from "../support/shop.js";

const ALICE = { login: "alice", profile: "Administrator" };
const PLAIN: ReadonlyArray<keyof HubChannels> = [
  "express-sse-hub:open",
  "express-sse-hub:end",
  "express-sse-hub:refusal",
  "express-sse-hub:pass",
  "express-sse-hub:session",
];
const BROADCAST = "express-sse-hub:broadcast";
const STEPS = ["start", "end", "asyncStart", "asyncEnd", "error"] as const;

/** Listens to a channel until the end of the test. */
function listen<K extends keyof HubChannels>(
  name: K,
  tell: (message: HubChannels[K]) => void,
): void {
  const listener = (message: unknown) => {
    tell(message as HubChannels[K]);
  };
  subscribe(name, listener);
  onTestEnd(() => unsubscribe(name, listener));
}

/** Listens to every step of broadcasts until the end of the test. */
function trace(tell: (step: string, context: BroadcastTrace) => void): void {
  const listeners = Object.fromEntries(
    STEPS.map((step) => [
      step,
      (context: object) => {
        tell(step, context as BroadcastTrace);
      },
    ]),
  ) as unknown as TracingChannelSubscribers<object>;
  const broadcasts = tracingChannel(BROADCAST);
  broadcasts.subscribe(listeners);
  onTestEnd(() => {
    broadcasts.unsubscribe(listeners);
  });
}

/** The channels that somebody listens to. */
function listenedTo(): string[] {
  const names = [...PLAIN, ...STEPS.map((step) => `tracing:${BROADCAST}:${step}`)];
  return names.filter((name) => channel(name).hasSubscribers);
}

describe("the hub's diagnostics channels", () => {
  it("have no subscriber by default, so that nothing is measured; metrics add one", async () => {
    const shop = await Shop.open();
    const stream = await shop.stream();
    await shop.hub.broadcast("message", "hello");
    await stream.next();
    expect(listenedTo()).toEqual([]);

    const metrics = show(shop.hub, { register: new Registry() });
    expect(listenedTo()).toEqual(["express-sse-hub:pass"]);

    metrics.remove();
    expect(listenedTo()).toEqual([]);
  });

  it("tell of a stream's opening with its verdict, and of its end with its reason", async () => {
    const told: Array<[what: string, hub: Hub, connection: Connection, detail: string | null]> = [];
    listen("express-sse-hub:open", ({ hub, connection, verdict, ...rest }) => {
      told.push(["open", hub, connection, verdict]);
      expect(rest).toEqual({});
    });
    listen("express-sse-hub:end", ({ hub, connection, reason, ...rest }) => {
      told.push(["end", hub, connection, reason]);
      expect(rest).toEqual({});
    });
    const shop = await Shop.open({
      routes: (app) => app.get("/own", (req) => void req.sse.open()),
    });
    const joined: Connection[] = [];
    shop.hub.on("join", (connection) => joined.push(connection));

    const first = await shop.stream();
    const { lastEventId } = first;
    joined[0]?.close();
    await first.closed;
    await shop.stream("/events", { lastEventId });
    await shop.stream("/events", { lastEventId: "garbage" });
    const own = await shop.stream("/own");
    own.close();
    await until(() => told.length === 6, "its end is told");

    expect(told.map(([what, , , detail]) => [what, detail])).toEqual([
      ["open", "new"],
      ["end", "close"],
      ["open", "recovered"],
      ["open", "unknown"],
      ["open", null],
      ["end", "gone"],
    ]);
    expect(told.every(([, hub]) => hub === shop.hub)).toBe(true);
    const [one, two, three, four] = joined;
    const expected = [one, one, two, three, four, four];
    expect(told.map(([, , connection], at) => connection === expected[at])).toEqual(
      expected.map(() => true),
    );
  });

  it("tell of the end of a stream that was never open, and of each refusal once", async () => {
    const told: string[] = [];
    listen("express-sse-hub:open", () => told.push("open"));
    listen("express-sse-hub:end", ({ reason }) => told.push(`end ${reason}`));
    listen("express-sse-hub:refusal", ({ hub, reason }) => {
      told.push(`refusal ${reason} ${hub === shop.hub}`);
    });
    const shop = await Shop.open({
      hub: { limits: { connections: 1 } },
      sse: { user: () => new Promise(() => undefined) },
    });
    const waiting = await shop.attempt();
    await until(() => shop.hub.size === 1, "it waits for its user");
    await (
      await shop.attempt()
    ).closed;
    waiting.close();
    await until(() => shop.hub.size === 0, "it has left");
    await shop.hub.close();
    await (
      await shop.attempt()
    ).closed;

    expect(told).toEqual(["refusal connections true", "end gone", "refusal draining true"]);
  });

  it("tell of a session whose streams have ended, with its cause and all of them", async () => {
    const told: Array<{ cause: string; ids: string[]; ended: boolean }> = [];
    listen("express-sse-hub:session", ({ hub, cause, connections, ...rest }) => {
      expect([hub === shop.hub, rest]).toEqual([true, {}]);
      told.push({
        cause,
        ids: connections.map(({ id }) => id),
        ended: connections.every(({ signal }) => signal.aborted),
      });
    });
    const shop = await Shop.open();
    const cookie = await shop.signIn(ALICE);
    const streams = [
      await shop.stream("/events", { cookie }),
      await shop.stream("/events", { cookie }),
    ];
    const opened = await Promise.all(streams.map((stream) => stream.opened()));
    await supertest(shop.url).post("/logout").set("Cookie", cookie).expect(204);

    expect(told).toEqual([
      { cause: "destroyed", ids: opened.map(({ connection }) => connection), ended: true },
    ]);
  });

  it("tell of a pass once it is done: what it gave, to how many, and how long that took", async () => {
    const passes: Array<HubChannels["express-sse-hub:pass"]> = [];
    listen("express-sse-hub:pass", (pass) => passes.push(pass));
    const shop = await Shop.open();
    const streams = [await shop.stream(), await shop.stream("/rooms/desk")];
    await until(() => shop.hub.stats().behind === 0, "both are live");
    const before = performance.now();
    void shop.hub.broadcast("message", "for both");
    await shop.hub.to("desk").broadcast("message", "for one");
    await Promise.all([streams[0]?.nextData(1), streams[1]?.nextData(2)]);
    await shop.hub.to("desk").broadcast("message", "for one again");
    await streams[1]?.next();
    const elapsedMs = performance.now() - before;

    const number = expect.any(Number) as number;
    const told = { hub: shop.hub, durationMs: number, traced: [] };
    expect(passes).toEqual([
      { ...told, entries: 2, writes: 2, delaysMs: [number, number] },
      { ...told, entries: 1, writes: 1, delaysMs: [number] },
    ]);
    for (const { durationMs, delaysMs } of passes) {
      expect(durationMs).toBeGreaterThan(0);
      expect(Math.min(...delaysMs)).toBeGreaterThan(durationMs);
      expect(Math.max(...delaysMs)).toBeLessThan(elapsedMs);
    }
  });
});

describe("the tracing channel of broadcasts", () => {
  it("goes from the call to the log, with one context, where the call was made", async () => {
    const request = new AsyncLocalStorage<string>();
    const told: Array<[step: string, where: string | undefined]> = [];
    const contexts = new Set<BroadcastTrace>();
    trace((step, context) => {
      told.push([step, request.getStore()]);
      contexts.add(context);
    });
    const passedIn: Array<string | undefined> = [];
    listen("express-sse-hub:pass", () => passedIn.push(request.getStore()));
    const shop = await Shop.open();
    const stream = await shop.stream();
    await until(() => shop.hub.stats().behind === 0, "it is live");

    const id = await request.run("request 1", () => shop.hub.broadcast("price", 42));
    await stream.next();
    await until(() => passedIn.length === 1, "the pass is done");

    expect(told).toEqual([
      ["start", "request 1"],
      ["end", "request 1"],
      ["asyncStart", "request 1"],
      ["asyncEnd", "request 1"],
    ]);
    const [context, ...others] = contexts;
    expect(others).toEqual([]);
    expect(context?.hub).toBe(shop.hub);
    expect({ ...context, hub: null }).toEqual({ hub: null, event: "price", result: id });
    expect(passedIn).toEqual([undefined]);
  });

  it("tells of misuse, which still throws, and of a rejection, which is still reported once", async () => {
    const told: Array<[step: string, event: unknown, code: unknown]> = [];
    trace((step, { event, error }) => {
      told.push([step, event, (error as { code?: unknown } | undefined)?.code]);
    });
    const hub = createHub();
    const errors: string[] = [];
    hub.on("error", ({ code }) => errors.push(code));
    expect(() => hub.broadcast("bad\nname", 1)).toThrow(
      expect.objectContaining({ code: "ERR_SSE_FIELD" }),
    );
    await hub.close();
    await expect(hub.broadcast("price", 1)).rejects.toMatchObject({ code: "ERR_SSE_CLOSED" });

    expect(told).toEqual([
      ["start", "bad\nname", undefined],
      ["error", "bad\nname", "ERR_SSE_FIELD"],
      ["end", "bad\nname", "ERR_SSE_FIELD"],
      ["start", "price", undefined],
      ["end", "price", undefined],
      ["error", "price", "ERR_SSE_CLOSED"],
      ["asyncStart", "price", "ERR_SSE_CLOSED"],
      ["asyncEnd", "price", "ERR_SSE_CLOSED"],
    ]);
    expect(errors).toEqual(["ERR_SSE_CLOSED"]);
  });

  it("carries what a tracer sets at the start to the pass, if it is a short text", async () => {
    const contexts: unknown[] = ["00-trace-span-01", undefined, 7, "x".repeat(513), 'quoted "x"'];
    const given = [...contexts];
    trace((step, context) => {
      if (step === "start") Object.assign(context, { traceContext: given.shift() });
    });
    const passes: Array<HubChannels["express-sse-hub:pass"]> = [];
    listen("express-sse-hub:pass", (pass) => passes.push(pass));
    const shop = await Shop.open();
    const stream = await shop.stream();
    await until(() => shop.hub.stats().behind === 0, "it is live");
    const ids = await Promise.all(contexts.map(() => shop.hub.broadcast("price", 42)));
    await stream.nextData(contexts.length);
    await until(() => passes.length === 1, "the pass is done");

    const [pass] = passes;
    expect(pass?.traced).toEqual([
      { id: ids[0], traceContext: contexts[0], delayMs: pass?.delaysMs[0] },
      { id: ids[4], traceContext: contexts[4], delayMs: pass?.delaysMs[4] },
    ]);
    // The page is told nothing of it.
    expect(stream.raw).not.toContain("00-trace-span-01");
  });

  it("leaves a broadcast that nobody awaits no unhandled rejection", async () => {
    trace(() => undefined);
    const hub = createHub();
    const codes: string[] = [];
    hub.on("error", ({ code }) => codes.push(code));
    await hub.close();
    void hub.broadcast("price", 1);
    await until(() => codes.length === 1, "it is reported");

    expect(codes).toEqual(["ERR_SSE_CLOSED"]);
  });

  describeWithRedis("with a log in Redis", (urlOf) => {
    it("carries what a tracer sets to the passes of all nodes", async () => {
      trace((step, context) => {
        if (step === "start") context.traceContext = `of ${String(context.event)}`;
      });
      const passes: Array<HubChannels["express-sse-hub:pass"]> = [];
      listen("express-sse-hub:pass", (pass) => passes.push(pass));
      const open = () => Shop.open({ hub: { log: redisLog({ url: urlOf(), name: "carried" }) } });
      const shops = [await open(), await open()];
      const streams = await Promise.all(shops.map((shop) => shop.stream()));
      await until(() => shops.every(({ hub }) => hub.stats().behind === 0), "both are live");
      const id = await shops[0]?.hub.broadcast("price", 42, { login: "alice" });
      const other = await shops[0]?.hub.broadcast("stock", 1);
      await Promise.all(streams.map((stream) => stream.next()));
      const tracedOn = ({ hub }: Shop) =>
        passes
          .filter((pass) => pass.hub === hub)
          .flatMap(({ traced }) => traced.map((one) => [one.id, one.traceContext]));
      await until(() => shops.every((shop) => tracedOn(shop).length === 2), "both have passed");

      const carried = [
        [id, "of price"],
        [other, "of stock"],
      ];
      expect(shops.map(tracedOn)).toEqual([carried, carried]);
    });
  });

  describeWithRedis("of a publisher", (urlOf) => {
    it("names it as who broadcasts", async () => {
      const shop = publisher({ url: urlOf(), name: "traced" });
      onTestEnd(() => shop.close());
      const contexts: BroadcastTrace[] = [];
      trace((step, context) => {
        if (step === "asyncEnd") contexts.push(context);
      });
      const id = await shop.broadcast("price", 42);
      const reading = redisLog({ url: urlOf(), name: "traced" });
      onTestEnd(() => reading.close());
      await reading.catchUp();

      expect(contexts.map(({ hub, event, result }) => [hub === shop, event, result])).toEqual([
        [true, "price", id],
      ]);
      expect(id).toMatch(new RegExp(`^${reading.epoch}\\.`));
    });
  });
});
