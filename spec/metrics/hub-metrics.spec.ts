import { createHub, memoryLog } from "express-sse-hub";
import { hubMetrics } from "express-sse-hub/metrics";
import { Registry, register as globalRegister } from "prom-client";
import supertest from "supertest";
import { onTestEnd } from "../support/disposers.js";
import { sessionIdOf } from "../support/session-id.js";
import { Shop, until } from "../support/shop.js";
import { watchWarnings } from "../support/warnings.js";
import { countedIn, openShop, sampleIn, samplesIn, scrape, show } from "./scraped.js";

const ALICE = { login: "alice.in.person", profile: "Administrator" };

const BEGINNING = {
  sse_connections: 0,
  sse_connections_opened_total: 0,
  'sse_connections_closed_total{reason="failed"}': 0,
  'sse_connections_closed_total{reason="gone"}': 0,
  'sse_connections_closed_total{reason="lost"}': 0,
  'sse_connections_closed_total{reason="user"}': 0,
  'sse_connections_closed_total{reason="refresh"}': 0,
  'sse_connections_closed_total{reason="age"}': 0,
  'sse_connections_closed_total{reason="cancelled"}': 0,
  'sse_connections_closed_total{reason="close"}': 0,
  'sse_connections_closed_total{reason="shutdown"}': 0,
  'sse_connections_closed_total{reason="slow"}': 0,
  'sse_connections_closed_total{reason="error"}': 0,
  'sse_connections_closed_total{reason="done"}': 0,
  'sse_connections_closed_total{reason="stop"}': 0,
  'sse_rejected_total{reason="connections"}': 0,
  'sse_rejected_total{reason="perUser"}': 0,
  'sse_rejected_total{reason="perSession"}': 0,
  'sse_rejected_total{reason="perAddress"}': 0,
  'sse_rejected_total{reason="draining"}': 0,
  'sse_rejected_total{reason="store"}': 0,
  'sse_rejected_total{reason="error"}': 0,
  'sse_rejected_total{reason="pipelined"}': 0,
  'sse_rejected_total{reason="origin"}': 0,
  'sse_rejected_total{reason="stopped"}': 0,
  sse_events_published_total: 0,
  sse_events_delivered_total: 0,
  sse_replayed_events_total: 0,
  'sse_returns_total{verdict="new"}': 0,
  'sse_returns_total{verdict="recovered"}': 0,
  'sse_returns_total{verdict="trimmed"}': 0,
  'sse_returns_total{verdict="epoch"}': 0,
  'sse_returns_total{verdict="unknown"}': 0,
  sse_gaps_total: 0,
  sse_behind: 0,
  sse_log_entries: 0,
  sse_log_bytes: 0,
  sse_log_lag_seconds: 0,
  sse_log_up: 1,
  'sse_errors_total{code="ERR_SSE_LOG"}': 0,
  'sse_errors_total{code="ERR_SSE_LOG_ENTRY"}': 0,
  'sse_errors_total{code="ERR_SSE_OVERRUN"}': 0,
  'sse_errors_total{code="ERR_SSE_STORE"}': 0,
  'sse_errors_total{code="ERR_SSE_CONTROL_UNSENT"}': 0,
  'sse_errors_total{code="ERR_SSE_USER"}': 0,
  'sse_errors_total{code="ERR_SSE_FILTER"}': 0,
  'sse_errors_total{code="ERR_SSE_SOURCE"}': 0,
  'sse_errors_total{code="ERR_SSE_ANSWERED"}': 0,
  'sse_errors_total{code="ERR_SSE_LISTENER"}': 0,
  'sse_errors_total{code="ERR_SSE_RUN_EXISTS"}': 0,
  'sse_errors_total{code="ERR_SSE_RUN_SIZE"}': 0,
  'sse_errors_total{code="ERR_SSE_CLOSED"}': 0,
  sse_filter_errors_total: 0,
  'sse_sessions_ended_total{cause="destroyed"}': 0,
  'sse_sessions_ended_total{cause="changed"}': 0,
  'sse_sessions_ended_total{cause="elsewhere"}': 0,
  'sse_sessions_ended_total{cause="expired"}': 0,
  'sse_sessions_ended_total{cause="revalidated"}': 0,
  'sse_sessions_ended_total{cause="store"}': 0,
  'sse_sessions_ended_total{cause="refresh"}': 0,
  'sse_sessions_ended_total{cause="disconnect"}': 0,
  sse_run_events_total: 0,
  sse_run_followers: 0,
  sse_runs: 0,
  'sse_runs_ended_total{reason="cancelled"}': 0,
  'sse_runs_ended_total{reason="done"}': 0,
  'sse_runs_ended_total{reason="failed"}': 0,
  'sse_runs_ended_total{reason="lost"}': 0,
  'sse_sessions_ended_total{cause="break"}': 0,
};

describe("a hub's numbers for Prometheus", () => {
  it("are all there before anything has happened, so that a first time can be seen", async () => {
    const shop = await openShop(new Registry());

    expect(samplesIn(await scrape(shop))).toEqual(BEGINNING);
  });

  it("say of each metric what it is, in which unit", async () => {
    const shop = await openShop(new Registry());

    const lines = (await scrape(shop)).split("\n");
    const types = lines.filter((line) => line.startsWith("# TYPE ")).map((line) => line.slice(7));
    const helps = lines.filter((line) => line.startsWith("# HELP "));

    expect(types).toEqual([
      "sse_connections gauge",
      "sse_connections_opened_total counter",
      "sse_connections_closed_total counter",
      "sse_rejected_total counter",
      "sse_events_published_total counter",
      "sse_events_delivered_total counter",
      "sse_replayed_events_total counter",
      "sse_returns_total counter",
      "sse_gaps_total counter",
      "sse_behind gauge",
      "sse_log_entries gauge",
      "sse_log_bytes gauge",
      "sse_log_lag_seconds gauge",
      "sse_log_up gauge",
      "sse_errors_total counter",
      "sse_filter_errors_total counter",
      "sse_sessions_ended_total counter",
      "sse_runs gauge",
      "sse_run_followers gauge",
      "sse_run_events_total counter",
      "sse_runs_ended_total counter",
      "sse_publish_to_write_seconds histogram",
      "sse_pass_seconds histogram",
    ]);
    expect(helps.filter((line) => !/^# HELP sse_\w+ [A-Z0-9].{20,}\.$/.test(line))).toEqual([]);
    expect(helps).toHaveLength(types.length);
  });

  it("count streams, events, returns, refusals and ends", async () => {
    const shop = await openShop(new Registry(), { hub: { limits: { perUser: 2 } } });
    const cookie = await shop.signIn(ALICE);
    const [first, second] = [
      await shop.stream("/events", { cookie }),
      await shop.stream("/events", { cookie }),
    ];
    await (
      await shop.attempt("/events", { cookie })
    ).closed;
    await shop.hub.broadcast("message", "one");
    await shop.hub.broadcast("message", "two", { login: "bob" });
    await Promise.all([first.next(), second.next()]);
    first.close();
    await until(() => shop.hub.size === 1, "the first has left");
    const { lastEventId } = first;
    const back = await shop.stream("/events", { cookie, lastEventId });
    await shop.stream("/events", { lastEventId: "?" });
    await shop.stream("/events", { lastEventId: "other.1" });
    await shop.attempt("/events", { headers: { Origin: "https://elsewhere.example" } });
    await shop.attempt("/events", { lastEventId: "done.abc" });
    await supertest(shop.url).post("/logout").set("Cookie", cookie).expect(204);
    await Promise.all([back.closed, second.closed]);

    expect(countedIn(await scrape(shop))).toEqual({
      sse_connections: 2,
      sse_connections_opened_total: 5,
      'sse_connections_closed_total{reason="gone"}': 1,
      'sse_connections_closed_total{reason="user"}': 2,
      'sse_rejected_total{reason="perUser"}': 1,
      'sse_rejected_total{reason="origin"}': 1,
      'sse_rejected_total{reason="stopped"}': 1,
      sse_events_published_total: 2,
      sse_events_delivered_total: 2,
      'sse_returns_total{verdict="new"}': 2,
      'sse_returns_total{verdict="recovered"}': 1,
      'sse_returns_total{verdict="epoch"}': 1,
      'sse_returns_total{verdict="unknown"}': 1,
      sse_log_entries: 2,
      sse_log_up: 1,
      'sse_sessions_ended_total{cause="destroyed"}': 1,
    });
  });

  it("count what is replayed, what the log has let go of, and filters that fail", async () => {
    const shop = await openShop(new Registry(), { hub: { log: memoryLog({ maxEvents: 2 }) } });
    shop.hub.on("error", () => undefined);
    const stream = await shop.stream();
    await shop.hub.broadcast("message", "one");
    await stream.next();
    const before = stream.lastEventId;
    stream.close();
    await until(() => shop.hub.size === 0, "it has left");
    await shop.hub.broadcast("message", "two");
    const back = await shop.stream("/events", { lastEventId: before });
    await back.next();
    await shop.hub.broadcast("message", "three", () => {
      throw new Error("broken");
    });
    await shop.hub.broadcast("message", "four");
    await back.next();
    await shop.stream("/events", { lastEventId: before });

    expect(countedIn(await scrape(shop))).toEqual({
      sse_connections: 2,
      sse_connections_opened_total: 3,
      'sse_connections_closed_total{reason="gone"}': 1,
      sse_events_published_total: 4,
      sse_events_delivered_total: 2,
      sse_replayed_events_total: 1,
      'sse_returns_total{verdict="new"}': 1,
      'sse_returns_total{verdict="recovered"}': 1,
      'sse_returns_total{verdict="trimmed"}': 1,
      sse_log_entries: 2,
      sse_log_up: 1,
      'sse_errors_total{code="ERR_SSE_FILTER"}': 1,
      sse_filter_errors_total: 1,
    });
  });

  it("count the gaps of a reader that the log has overtaken", async () => {
    const shop = await openShop(new Registry(), { hub: { log: memoryLog({ maxEvents: 20 }) } });
    const slow = await shop.stream();
    slow.pause();
    const text = "x".repeat(500_000);
    for (let n = 0; n < 60; n += 1) {
      await shop.hub.broadcast("message", text);
      await new Promise((resolve) => setImmediate(resolve));
    }
    slow.resume();
    await slow.hub("hub:gap");

    expect(countedIn(await scrape(shop))).toMatchObject({ sse_gaps_total: 1 });
  });

  it("count each error that the hub reports by its code, also while nobody listens", async () => {
    const shop = await openShop(new Registry());
    const warnings = watchWarnings();
    shop.hub.on("join", () => {
      throw new Error("broken");
    });
    await shop.stream();
    await until(() => warnings.length === 1, "it was warned");
    shop.hub.on("error", () => undefined);
    await shop.stream();

    expect(countedIn(await scrape(shop))).toMatchObject({
      'sse_errors_total{code="ERR_SSE_LISTENER"}': 2,
    });
    expect(shop.hub.stats().errors).toEqual({ ERR_SSE_LISTENER: 2 });
  });

  it("tell one pass for what was broadcast in one tick, and each event's way to the sockets", async () => {
    const shop = await openShop(new Registry());
    const [first, second] = [await shop.stream(), await shop.stream()];
    await until(() => shop.hub.stats().behind === 0, "both are live");
    for (const data of ["one", "two", "three"]) void shop.hub.broadcast("message", data);
    await Promise.all([first.nextData(3), second.nextData(3)]);

    const text = await scrape(shop);
    const [waited, passed] = ["sse_publish_to_write_seconds", "sse_pass_seconds"];

    expect([sampleIn(text, `${passed}_count`), sampleIn(text, `${waited}_count`)]).toEqual([1, 3]);
    // All three have waited for the whole pass.
    expect(sampleIn(text, `${waited}_sum`)).toBeGreaterThan(3 * sampleIn(text, `${passed}_sum`));
    expect(sampleIn(text, `${waited}_bucket{le="5"}`)).toBe(3);
  });

  it("never name a session, a user, a room, an event or an address", async () => {
    const shop = await openShop(new Registry(), {
      hub: { limits: { perSession: 1 } },
    });
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/rooms/back.office", { cookie });
    await (
      await shop.attempt("/events", { cookie })
    ).closed;
    await shop.hub.to("back.office").broadcast("price.change", "secret.data", ALICE);
    await stream.next();
    const { connection } = await stream.opened();
    await supertest(shop.url).post("/logout").set("Cookie", cookie).expect(204);
    await stream.closed;

    const text = await scrape(shop);
    const personal = [
      sessionIdOf(cookie),
      ALICE.login,
      ALICE.profile,
      "back.office",
      "price.change",
      "secret.data",
      "127.0.0.1",
      connection,
    ];

    expect(personal.filter((each) => text.includes(each))).toEqual([]);
    expect(countedIn(text)).toMatchObject({
      'sse_rejected_total{reason="perSession"}': 1,
      'sse_sessions_ended_total{cause="destroyed"}': 1,
    });
  });
});

describe("hubMetrics()", () => {
  const createOpenHub = () => {
    const hub = createHub();
    onTestEnd(() => hub.close());
    return hub;
  };

  const openLiveShop = async () => {
    const shop = await Shop.open();
    const stream = await shop.stream();
    await until(() => shop.hub.stats().behind === 0, "it is live");
    return { hub: shop.hub, stream };
  };

  it("uses the global registry unless told, and takes out what it has put in", async () => {
    const before = await globalRegister.metrics();
    const metrics = show(createOpenHub(), {});
    const during = samplesIn(await globalRegister.metrics());
    metrics.remove();
    metrics.remove();

    expect(during).toEqual(BEGINNING);
    expect(await globalRegister.metrics()).toBe(before);
  });

  it("shows two hubs in one registry, told apart by labels, until each is removed", async () => {
    const register = new Registry();
    const { hub, ...shop } = await openLiveShop();
    const shown = show(hub, { register, labels: { hub: "shop" } });
    show(createOpenHub(), { register, labels: { hub: "admin" } });
    await hub.broadcast("message", "hello");
    await shop.stream.next();

    const published = async () =>
      (await register.metrics()).match(/^sse_events_published_total.*$/gm);
    const passes = async () => (await register.metrics()).match(/^sse_pass_seconds_count.*$/gm);

    expect(await published()).toEqual([
      'sse_events_published_total{hub="shop"} 1',
      'sse_events_published_total{hub="admin"} 0',
    ]);
    expect(await passes()).toEqual([
      'sse_pass_seconds_count{hub="shop"} 1',
      'sse_pass_seconds_count{hub="admin"} 0',
    ]);
    shown.remove();
    expect(await published()).toEqual(['sse_events_published_total{hub="admin"} 0']);
    expect(await passes()).toEqual(['sse_pass_seconds_count{hub="admin"} 0']);
  });

  it("says what to do about a second hub that its labels do not tell apart", () => {
    const register = new Registry();
    show(createOpenHub(), { register });

    expect(() => hubMetrics(createOpenHub(), { register })).toThrow(
      expect.objectContaining({
        code: "ERR_SSE_OPTION",
        message:
          "The labels of hubMetrics() are {}, and the registry already has another hub with {}. Expected " +
          "the same label names with another value, as in " +
          'hubMetrics(hub, { labels: { hub: "shop" } }). If the new hub replaces the other one, ' +
          "first call remove() of the object that hubMetrics() returned for it.",
      }),
    );
  });

  it.each([
    ["the same labels", { hub: "shop" }],
    ["labels of other names", { part: "admin" }],
    ["fewer labels", {}],
  ])("refuses a second hub under %s", (_what, labels) => {
    const register = new Registry();
    show(createOpenHub(), { register, labels: { hub: "shop" } });

    expect(() => hubMetrics(createOpenHub(), { register, labels })).toThrow(
      /^The labels of hubMetrics\(\) are .*\{"hub":"shop"\}/,
    );
  });

  it("begins anew in a registry that was cleared", async () => {
    const register = new Registry();
    const old = show(createOpenHub(), { register });
    register.clear();
    show(createOpenHub(), { register });
    old.remove();

    expect(samplesIn(await register.metrics())).toEqual(BEGINNING);
  });

  it("writes the format of OpenMetrics into a registry of that format, and leaves it", async () => {
    const register = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
    register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    const hub = createOpenHub();
    const metrics = show(hub, { register });
    await hub.broadcast("message", "hello");

    expect(samplesIn(await register.metrics())).toMatchObject({ sse_events_published_total: 1 });
    metrics.remove();
    expect(await register.metrics()).toBe("\n# EOF\n");
  });

  it("counts each scrape anew, also two at once", async () => {
    const register = new Registry();
    const hub = createOpenHub();
    show(hub, { register });
    await hub.broadcast("message", "hello");

    const texts = await Promise.all([register.metrics(), register.metrics()]);

    expect(texts.map((text) => sampleIn(text, "sse_events_published_total"))).toEqual([1, 1]);
  });

  it.each<[unknown, unknown, string]>([
    [{}, {}, "hubMetrics() was given an object (Object). Expected the hub that createHub() gave."],
    [
      undefined,
      { registry: 1 },
      'hubMetrics() does not know the option "registry". Did you mean register? It knows: register, labels.',
    ],
    [
      undefined,
      { register: {} },
      "The option register of hubMetrics() is an object (Object). Expected a Registry of prom-client.",
    ],
    ...[{ "a-b": "x" }, { reason: "x" }, { le: "x" }, { hub: 1 }].map(
      (labels): [unknown, unknown, string] => [
        undefined,
        { labels },
        "The option labels of hubMetrics() is an object (Object). Expected an object of texts such as " +
          '{ hub: "shop" }, whose names are valid label names of Prometheus and none of le, reason, ' +
          "verdict, code, cause.",
      ],
    ),
  ])("refuses %p with %p and says what it wants", (hub, options, message) => {
    expect(() => hubMetrics((hub ?? createOpenHub()) as never, options as never)).toThrow(
      expect.objectContaining({ code: "ERR_SSE_OPTION", message }),
    );
  });

  it("refuses a registry in which somebody else has taken a name, and leaves it as it was", async () => {
    const register = new Registry();
    register.registerMetric(
      new (await import("prom-client")).Gauge({
        name: "sse_behind",
        help: "Somebody's.",
        registers: [],
      }),
    );

    expect(() => hubMetrics(createOpenHub(), { register })).toThrow(
      /^The registry of hubMetrics\(\) already has a metric "sse_behind" that/,
    );
    expect(samplesIn(await register.metrics())).toEqual({ sse_behind: 0 });
  });
});
