import { EventSource } from "eventsource";
import type { EndReason } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { fakeDate } from "../support/fake-date.js";
import { ReturningReader } from "../support/returning-reader.js";
import { Shop, until, type ShopOptions } from "../support/shop.js";

const ALICE = { login: "alice", profile: "Administrator" };
const BOB = { login: "bob", profile: "Viewer" };

/** A shop that asks a slow source who somebody is, and counts how often its handler runs. */
function openSlow(options: ShopOptions = {}) {
  const asked: Array<(user: object) => void> = [];
  const shop = Shop.open({
    ...options,
    sse: { user: () => new Promise((resolve) => asked.push(resolve)) },
  });
  return { shop, asked };
}

describe("hub.refresh()", () => {
  it("sends those who match through the application again, and nobody else", async () => {
    const shop = await Shop.open({ hub: { retryMs: 0 } });
    const alice = await ReturningReader.open(shop.url, "/events", {
      cookie: await shop.signIn(ALICE),
    });
    const bob = await ReturningReader.open(shop.url, "/events", { cookie: await shop.signIn(BOB) });

    await shop.hub.refresh({ profile: "Administrator" });
    await shop.hub.broadcast("message", "hello");
    await Promise.all([alice.has("message", "hello"), bob.has("message", "hello")]);

    expect(alice.streams.map(({ endReason }) => endReason)).toEqual(["refresh", undefined]);
    expect(bob.streams.map(({ endReason }) => endReason)).toEqual([undefined]);
    expect(alice.dataOf("message")).toEqual(["hello"]);
  });

  it("holds for a request whose user was asked for before and is known after", async () => {
    const { shop: opening, asked } = openSlow();
    const shop = await opening;
    const stream = await shop.attempt();
    await until(() => asked.length === 1, "the user was asked for");

    await shop.hub.refresh({ login: "alice" });
    asked[0]?.(ALICE);

    expect(await stream.closed).toBe("refresh");
    expect(stream.hubEvents.map(({ event }) => event)).toEqual(["hub:end"]);
  });

  it("holds for a request whose user is known only after the hub has forgotten it", async () => {
    const clock = fakeDate();
    const { shop: opening, asked } = openSlow();
    const shop = await opening;
    const stream = await shop.attempt();
    await until(() => asked.length === 1, "the user was asked for");

    await shop.hub.refresh({ login: "alice" });
    clock.pass(61_000);
    await shop.hub.refresh({ login: "bob" });
    asked[0]?.(ALICE);

    expect(await stream.closed).toBe("refresh");
  });

  it("leaves a request alone whose user is another one, or was asked for after it", async () => {
    const { shop: opening, asked } = openSlow();
    const shop = await opening;
    const bob = await shop.attempt();
    await until(() => asked.length === 1, "bob was asked for");
    await shop.hub.refresh({ login: "alice" });
    const alice = await shop.attempt();
    await until(() => asked.length === 2, "alice was asked for");

    asked[0]?.(BOB);
    asked[1]?.(ALICE);

    expect(await Promise.all([bob.opened(), alice.opened()])).toMatchObject([
      { recovered: null },
      { recovered: null },
    ]);
  });

  it.each([undefined, null, {}, () => true])("refuses %p at the call", async (matcher) => {
    const shop = await Shop.open();
    for (const recall of ["refresh", "disconnect"] as const) {
      expect(() => shop.hub[recall](matcher as never)).toThrow(
        expect.objectContaining({ code: "ERR_SSE_FILTER" }),
      );
    }
  });
});

describe("hub.disconnect()", () => {
  it("ends streams for good: the npm eventsource does not come back, and the handler ran once", async () => {
    let runs = 0;
    const shop = await Shop.open({
      hub: { retryMs: 1 },
      routes: (app) => {
        app.get("/counted", (req) => {
          runs += 1;
          req.sse.join();
        });
      },
    });
    const cookie = await shop.signIn(ALICE);
    const source = new EventSource(`${shop.url}/counted`, {
      fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, cookie } }),
    });
    onTestEnd(() => {
      source.close();
    });
    const joined = new Promise((resolve) => shop.hub.once("join", resolve));
    const left = new Promise<EndReason>((resolve) => {
      shop.hub.once("leave", (_connection, reason) => {
        resolve(reason);
      });
    });
    await joined;

    await shop.hub.disconnect({ login: "alice" });
    await until(() => source.readyState === EventSource.CLOSED, "it has given up");

    expect(await left).toBe("stop");
    expect(runs).toBe(1);
  });

  it("answers 204 to a session it stopped that brings a cursor, and lets a page in that is loaded anew", async () => {
    const shop = await Shop.open();
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/events", { cookie });
    const { lastEventId } = stream;
    const bob = await shop.signIn(BOB);

    await shop.hub.disconnect({ login: "alice" });

    const returned = await shop.attempt("/events", { cookie, lastEventId });
    const final = await shop.attempt("/events", { cookie, lastEventId: stream.lastEventId });
    const fresh = await shop.attempt("/events", { cookie });
    const other = await shop.attempt("/events", { cookie: bob, lastEventId });
    expect([returned, final, fresh, other].map(({ status }) => status)).toEqual([
      204, 204, 200, 200,
    ]);
    expect(stream.endReason).toBe("stop");
    expect(lastEventId).not.toBe(stream.lastEventId);
  });

  it("holds for a request whose user was asked for before and is known after", async () => {
    const { shop: opening, asked } = openSlow();
    const shop = await opening;
    const stream = await shop.attempt();
    await until(() => asked.length === 1, "the user was asked for");

    await shop.hub.disconnect({ login: "alice" });
    asked[0]?.(ALICE);

    expect(await stream.closed).toBe("stop");
    const returned = await shop.attempt("/events", { lastEventId: stream.lastEventId });
    expect(returned.status).toBe(204);
  });

  it("counts before a refresh() of the same users", async () => {
    const { shop: opening, asked } = openSlow();
    const shop = await opening;
    const stream = await shop.attempt();
    await until(() => asked.length === 1, "the user was asked for");

    await shop.hub.refresh({ login: "alice" });
    await shop.hub.disconnect({ login: "alice" });
    asked[0]?.(ALICE);

    expect(await stream.closed).toBe("stop");
  });

  it("tells a stream that waits for its session to be saved that it is not to come back", async () => {
    let save: () => void = () => undefined;
    const shop = await Shop.open({
      session: { saveUninitialized: true },
      sse: { user: () => ALICE },
    });
    const { store } = shop;
    const set = store.set.bind(store);
    store.set = (id, session, done) => {
      save = () => {
        set(id, session, done);
      };
    };
    const attempt = shop.attempt();
    await until(() => shop.hub.size === 1, "it waits");

    await shop.hub.disconnect({ login: "alice" });
    const stream = await attempt;
    save();

    expect(await stream.closed).toBe("stop");
    expect((await shop.attempt("/events", { lastEventId: stream.lastEventId })).status).toBe(204);
  });
});
