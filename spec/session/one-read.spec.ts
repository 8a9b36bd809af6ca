import session, { MemoryStore, type SessionData } from "express-session";
import express, { type Express, type Handler, type Request } from "express";
import { createHub, sse, type Hub } from "express-sse-hub";
import { RecentChanges } from "../../lib/session/recent-changes.js";
import { Cluster } from "../cluster/cluster.js";
import { onTestEnd } from "../support/disposers.js";
import { FaultProxy } from "../support/fault-proxy.js";
import { openStream } from "../support/open-stream.js";
import { describeWithRedis } from "../support/redis.js";
import { serve } from "../support/serve.js";
import { sessionIdOf } from "../support/session-id.js";
import { Shop, type ShopOptions } from "../support/shop.js";
import { changesSettleAtOnce } from "../support/settling.js";
import { until } from "../support/until.js";

const ALICE = { login: "alice", profile: "Administrator" };
const UNSAVED = { secret: "spec", resave: false, saveUninitialized: false };
const BOB = { login: "bob", profile: "Viewer" };
const HOUR_MS = 3_600_000;

/** Counts how often a session is read. */
class CountingStore extends MemoryStore {
  reads = 0;
  readonly #onRead: () => void;

  constructor(onRead = (): void => undefined) {
    super();
    this.#onRead = onRead;
  }

  override get(id: string, done: (error: unknown, data?: SessionData | null) => void): void {
    this.reads += 1;
    this.#onRead();
    super.get(id, done);
  }
}

/** Stands in a request between the load of its session and the registration of its stream. */
function gate() {
  let arrived = (): void => undefined;
  let open = (): void => undefined;
  const isReached = new Promise<void>((resolve) => (arrived = resolve));
  const isOpen = new Promise<void>((resolve) => (open = resolve));
  const route = (app: Express) => {
    app.get("/gated", (req, _res, next) => {
      arrived();
      isOpen.then(() => req.sse.join()).catch(next);
    });
  };
  return {
    isReached,
    open: () => {
      open();
    },
    route,
  };
}

async function openShop(options: ShopOptions = {}) {
  const store = new CountingStore();
  const shop = await Shop.open({ ...options, session: { ...options.session, store } });
  const cookie = await shop.signIn(ALICE);
  // The store is observed from the first request on.
  store.reads = 0;
  return { shop, store, cookie };
}

function write(store: MemoryStore, cookie: string, user: object): Promise<void> {
  return new Promise((resolve) => {
    const data = { cookie: {}, user } as unknown as SessionData;
    store.set(sessionIdOf(cookie), data, () => {
      resolve();
    });
  });
}

function read(store: MemoryStore, cookie: string): Promise<unknown> {
  return new Promise((resolve) => {
    store.get(sessionIdOf(cookie), (_error, data) => {
      resolve(data);
    });
  });
}

describe("a session that has not changed lately", () => {
  beforeEach(changesSettleAtOnce);

  it("is read once for a stream", async () => {
    const { shop, store, cookie } = await openShop();

    const stream = await shop.stream("/events", { cookie });
    await shop.hub.broadcast("message", "for alice", ALICE);

    expect(await stream.nextData()).toEqual(["for alice"]);
    expect(store.reads).toBe(1);
  });

  it("is read once, also where sse() stands before session()", async () => {
    const { shop, store, cookie } = await openShop();
    const hub = createHub();
    onTestEnd(() => hub.close());
    const app = express();
    app.use(sse({ hub }), session({ ...UNSAVED, store }));
    app.get("/events", (req) => void req.sse.join());
    const { url } = await serve(app);
    await openStream(url, "/events").then((stream) => {
      stream.close();
    });
    store.reads = 0;

    const stream = await openStream(url, "/events", { cookie });
    await stream.opened();

    expect(store.reads).toBe(1);
    expect(hub.connections(ALICE)).toHaveLength(1);
    expect(shop.hub.size).toBe(0);
    stream.close();
  });

  it("is read again without revalidateMs, because a change that is not seen would never be found", async () => {
    const { shop, store, cookie } = await openShop({ hub: { revalidateMs: null } });

    await shop.stream("/events", { cookie });

    expect(store.reads).toBe(2);
  });

  it("is read again for a store that was not observed when the session was loaded", async () => {
    const store = new CountingStore();
    const first = await Shop.open({ session: { store } });
    const cookie = await first.signIn(ALICE);
    const other = new CountingStore();
    Object.assign(other, { sessions: (store as unknown as { sessions: object }).sessions });
    const second = await Shop.open({ session: { store: other } });

    await second.stream("/events", { cookie });

    expect(other.reads).toBe(2);
  });

  it.each([
    ["another user", (store: MemoryStore, cookie: string) => write(store, cookie, BOB)],
    [
      "nobody",
      (store: MemoryStore, cookie: string) =>
        new Promise<void>((resolve) => {
          store.destroy(sessionIdOf(cookie), () => {
            resolve();
          });
        }),
    ],
    [
      "nobody, with all other sessions",
      (store: MemoryStore) =>
        new Promise<void>((resolve) => {
          store.clear(() => {
            resolve();
          });
        }),
    ],
  ])("is read again if it became that of %s while the stream was opened", async (_who, change) => {
    const { isReached, open, route } = gate();
    const { shop, store, cookie } = await openShop({ routes: route });
    const opening = shop.attempt("/gated", { cookie });
    await isReached;

    await change(store, cookie);
    open();
    const stream = await opening;
    await shop.hub.broadcast("message", "secret", ALICE);

    expect(await stream.closed).toBe("user");
    expect(stream.raw).not.toContain("secret");
  });

  it.each([
    [
      "a middleware before sse() has changed it",
      (hub: Hub) => sse({ hub }),
      (req: Request) => {
        Object.assign(req.session, { user: BOB });
      },
    ],
    [
      "the user was asked for while it was another one",
      () => [],
      (req: Request) => {
        const { user } = req.session as unknown as { user: object };
        Object.assign(req.session, { user: BOB });
        expect(req.sse.user).toEqual(BOB);
        Object.assign(req.session, { user });
      },
    ],
  ])("is read again if %s, and its stream ends", async (_what, handlers, change) => {
    const { shop, store, cookie } = await openShop({
      routes: (app, hub) => {
        const changed: Handler = (req, _res, next) => {
          change(req);
          next();
        };
        app.get("/changed", changed, handlers(hub), (req: Request) => void req.sse.join());
      },
    });

    const stream = await shop.attempt("/changed", { cookie });

    expect(await stream.closed).toBe("user");
    expect(store.reads).toBe(2);
    expect(await read(store, cookie)).toMatchObject({ user: ALICE });
  });
});

describe("the expiry of a session that is not read again", () => {
  beforeEach(changesSettleAtOnce);

  it("counts for its other streams too, if something unseen has shortened it", async () => {
    const { shop, store, cookie } = await openShop({
      session: { cookie: { maxAge: HOUR_MS } },
      hub: { revalidateMs: HOUR_MS },
    });
    const before = await shop.stream("/events", { cookie });
    // Past the methods that are observed.
    const { sessions } = store as unknown as { sessions: Record<string, string> };
    const id = sessionIdOf(cookie);
    const data = JSON.parse(sessions[id] ?? "") as { cookie: object };
    const expires = new Date(Date.now() + 3_000);
    sessions[id] = JSON.stringify({ ...data, cookie: { ...data.cookie, expires } });
    store.reads = 0;

    const stream = await shop.stream("/events", { cookie });
    const reads = store.reads;

    expect(await Promise.all([before.closed, stream.closed])).toEqual(["user", "user"]);
    expect(reads).toBe(1);
  });
});

describe("a session that has just changed", () => {
  it("is read twice, because a replica may still have the old one", async () => {
    const { shop, store, cookie } = await openShop();

    await shop.stream("/events", { cookie });

    expect(store.reads).toBe(2);
  });
});

describe("the changes that are remembered", () => {
  beforeEach(changesSettleAtOnce);

  it("are none before any store is observed, and all that began before", () => {
    const recent = new RecentChanges();
    expect(recent.isUnchangedSince(performance.now(), "a")).toBe(false);
    const before = performance.now();
    recent.noteAll();
    expect(recent.isUnchangedSince(before, "a")).toBe(false);
    expect(recent.isUnchangedSince(performance.now() + 1, "a")).toBe(true);
  });

  it("are of one session", () => {
    const recent = new RecentChanges();
    recent.noteAll();
    const startedAt = performance.now() + 0.001;
    while (performance.now() <= startedAt);
    recent.note("a");
    expect(recent.isUnchangedSince(startedAt, "a")).toBe(false);
    expect(recent.isUnchangedSince(startedAt, "b")).toBe(true);
  });

  it("are the last 10 000; of an older one, nothing is known", () => {
    const recent = new RecentChanges();
    recent.noteAll();
    const startedAt = performance.now() + 0.001;
    while (performance.now() <= startedAt);
    for (let n = 0; n <= 10_000; n += 1) recent.note(String(n));
    expect(recent.isUnchangedSince(startedAt, "0")).toBe(false);
    expect(recent.isUnchangedSince(startedAt, "another")).toBe(false);
    expect(recent.isUnchangedSince(performance.now() + 1, "another")).toBe(true);
  });
});

describeWithRedis("a session of several nodes", (urlOf) => {
  beforeEach(changesSettleAtOnce);

  it("is read again if another node has changed it while the stream was opened", async () => {
    const { isReached, open, route } = gate();
    const [, one, other] = await Cluster.open({
      url: urlOf(),
      shop: { routes: route },
    });
    const cookie = await one.signIn(ALICE);
    // Both observe their stores.
    (await other.stream("/events", { cookie })).close();
    const opening = other.attempt("/gated", { cookie });
    await isReached;

    const answer = await fetch(`${one.url}/demote`, { method: "POST", headers: { cookie } });
    expect(answer.status).toBe(204);
    await other.hub.count();
    open();
    const stream = await opening;
    await one.hub.broadcast("message", "secret", ALICE);

    expect(await stream.closed).toBe("user");
    expect(stream.raw).not.toContain("secret");
  });

  it("is read again while the log is away, because it brings no changes then", async () => {
    const [memory, reads] = [new MemoryStore(), jest.fn()];
    const { sessions } = memory as unknown as { sessions: object };
    const createStore = () => Object.assign(new CountingStore(reads), { sessions });
    const proxy = await FaultProxy.start(urlOf().replace("redis", "http"));
    const cluster = new Cluster({ url: proxy.url.replace("http", "redis"), createStore });
    const node = await cluster.start();
    const cookie = await node.signIn(ALICE);
    (await node.stream("/events", { cookie })).close();
    reads.mockClear();
    (await node.stream("/events", { cookie })).close();
    expect(reads).toHaveBeenCalledTimes(1);

    proxy.unplug();
    await until(() => node.hub.health().status === "degraded", "the log is away");
    await node.stream("/events", { cookie });

    expect(reads).toHaveBeenCalledTimes(3);
  });

  it.each(["own", "first"])(
    "is read again for a stream that is told more than the log holds: %s",
    async (path) => {
      const [memory, reads] = [new MemoryStore(), jest.fn()];
      const { sessions } = memory as unknown as { sessions: object };
      const createStore = () => {
        const store = new CountingStore(reads);
        return Object.assign(store, { sessions });
      };
      const routes = (app: Express) => {
        app.get("/own", (req) => void req.sse.open());
        app.get("/first", (req) => void req.sse.join({ first: () => ["state", 1] }));
      };
      const [, one] = await Cluster.open({ url: urlOf(), createStore, shop: { routes } });
      const cookie = await one.signIn(ALICE);
      (await one.stream("/events", { cookie })).close();
      reads.mockClear();

      await one.stream("/events", { cookie });
      expect(reads).toHaveBeenCalledTimes(1);
      await one.stream(`/${path}`, { cookie });
      expect(reads).toHaveBeenCalledTimes(3);
    },
  );
});
