import { EventEmitter } from "node:events";
import { createHub } from "express-sse-hub";
import { MemoryStore, type SessionData } from "express-session";
import { onTestEnd } from "../support/disposers.js";
import { Shop } from "../support/shop.js";
import { sessionIdOf } from "../support/session-id.js";

const ALICE = { login: "alice", profile: "Administrator" };
const DATA = { cookie: {} as unknown } as SessionData;

interface Watched {
  readonly observers: Set<unknown>;
  readonly inFlight: Map<string, unknown>;
}

function watchedOf(store: object): Watched | undefined {
  const key = Symbol.for("express-sse-hub.stores");
  return (globalThis as { [key]?: WeakMap<object, Watched> })[key]?.get(store);
}

function createObserver() {
  const hub = createHub();
  onTestEnd(() => hub.close());
  return hub;
}

/** As connect-redis: a promise, and errors to the callback if there is one. */
class PromisingStore {
  failure: Error | null = null;

  get(): undefined {
    return undefined;
  }

  set(_id: string, _session: SessionData, done?: (error?: unknown) => void): Promise<unknown> {
    return this.#settle(done);
  }

  destroy(_id: string, done?: (error?: unknown) => void): Promise<unknown> {
    return this.#settle(done);
  }

  async #settle(done?: (error?: unknown) => unknown): Promise<unknown> {
    await Promise.resolve();
    if (done !== undefined) return done(this.failure);
    if (this.failure !== null) throw this.failure;
    return "stored";
  }
}

describe("a store that is observed", () => {
  it("is wrapped once, whatever the number of hubs", () => {
    const store = new MemoryStore();
    createObserver().observe(store);
    const methods = () =>
      ["get", "set", "destroy", "touch"].map(
        (name) => name in store && (Reflect.get(store, name) as unknown),
      );
    const wrapped = methods();
    createObserver().observe(store);
    createObserver().observe(store);

    expect(methods()).toEqual(wrapped);
    expect(watchedOf(store)?.observers.size).toBe(3);
  });

  it("is let go of by a hub that closes", async () => {
    const store = new MemoryStore();
    const [one, other] = [createHub(), createObserver()];
    one.observe(store);
    other.observe(store);

    await one.close();
    one.observe(store);

    expect(watchedOf(store)?.observers.size).toBe(1);
  });

  it("is refused if it is none", () => {
    expect(() => {
      createObserver().observe(new EventEmitter());
    }).toThrow(
      expect.objectContaining({
        code: "ERR_SSE_OPTION",
        message:
          "observe() was given an object (EventEmitter). Expected a session store of express-session, with get, set and destroy.",
      }),
    );
  });

  it("keeps what its methods are called with and on, and what they give", () => {
    const calls: unknown[] = [];
    const store = {
      get: () => undefined,
      set(...args: unknown[]) {
        calls.push([this, ...args.slice(0, -1)]);
        return (args.at(-1) as (...results: unknown[]) => unknown)(null, "stored");
      },
      destroy: () => "destroyed",
    };
    createObserver().observe(store);

    const given = store.set("id", DATA, (...results: unknown[]) => results);

    expect(calls).toEqual([[store, "id", DATA]]);
    expect(given).toEqual([null, "stored"]);
    expect(store.destroy()).toBe("destroyed");
  });

  it("keeps its promises, and gets no callback that nobody gave", async () => {
    const store = new PromisingStore();
    createObserver().observe(store);

    await expect(store.set("id", DATA)).resolves.toBe("stored");
    store.failure = new Error("away");
    await expect(store.set("id", DATA)).rejects.toBe(store.failure);
    await expect(store.destroy("id")).rejects.toBe(store.failure);
    const told: unknown[] = [];
    await store.set("id", DATA, (error) => told.push(error));
    expect(told).toEqual([store.failure]);
    expect(watchedOf(store)?.inFlight.size).toBe(0);
  });

  it("may destroy a list of sessions at once, and all their streams end", async () => {
    class ListingStore extends MemoryStore {
      override destroy(ids: string | string[], done?: (error?: unknown) => void): void {
        for (const id of [ids].flat()) super.destroy(id);
        done?.();
      }
    }
    const store = new ListingStore();
    const shop = await Shop.open({ session: { store } });
    const cookies = [await shop.signIn(ALICE), await shop.signIn({ login: "bob" })];
    const streams = await Promise.all(cookies.map((cookie) => shop.stream("/events", { cookie })));

    store.destroy(cookies.map(sessionIdOf), () => undefined);

    expect(await Promise.all(streams.map(({ closed }) => closed))).toEqual(["user", "user"]);
    expect(watchedOf(store)?.inFlight.size).toBe(0);
  });

  it("keeps what its methods throw", () => {
    const failure = new Error("away");
    const store = {
      get: () => undefined,
      set: () => {
        throw failure;
      },
      destroy: () => undefined,
    };
    createObserver().observe(store);

    expect(store.set).toThrow(failure);
    expect(watchedOf(store)?.inFlight.size).toBe(0);
  });

  it("is not remembered for ever to be at work when nobody asks it to say that it is done", () => {
    jest.useFakeTimers();
    onTestEnd(() => jest.useRealTimers());
    const store = new MemoryStore();
    createObserver().observe(store);

    store.destroy("one");
    store.destroy("other", undefined);

    expect(watchedOf(store)?.inFlight.size).toBe(2);
    jest.advanceTimersByTime(5_000);
    expect(watchedOf(store)?.inFlight.size).toBe(0);
  });

  it("acts on the streams of every hub, also through a hub that serves none of its requests", async () => {
    const shop = await Shop.open();
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/events", { cookie });

    createObserver().observe(shop.store);
    shop.store.destroy(sessionIdOf(cookie));

    expect(await stream.closed).toBe("user");
  });
});

it("lets requests through whose session store is of another kind", async () => {
  const shop = await Shop.open({
    before: (app) => {
      app.get("/other", (req, _res, next) => {
        Object.assign(req, { session: { user: ALICE }, sessionID: "one", sessionStore: {} });
        next();
      });
    },
    routes: (app) => {
      app.get("/other", (req) => {
        req.sse.join();
      });
    },
  });

  const stream = await shop.stream("/other");

  expect(shop.hub.connections().map(({ user }) => user)).toEqual([ALICE]);
  expect(await stream.opened()).toMatchObject({ recovered: null });
});
