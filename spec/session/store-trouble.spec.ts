import type { HubOptions, SseHubError, SseOptions } from "express-sse-hub";
import { MemoryStore, type SessionData } from "express-session";
import { Shop, until } from "../support/shop.js";

const ALICE = { login: "alice", profile: "Administrator" };

/** In memory, until it is told to fail. */
class FailingStore extends MemoryStore {
  /** How the next reads go; the first of a request is express-session's. */
  reads: Array<"well" | "failing" | "never" | "throwing"> = [];
  fallback: "well" | "failing" = "well";

  override get(id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    const how = this.reads.shift() ?? this.fallback;
    if (how === "well") super.get(id, done);
    else if (how === "failing") setImmediate(done, new Error("away"));
    else if (how === "throwing") throw new Error("broken");
  }
}

async function open(hub: HubOptions = {}, sse: Partial<SseOptions> = {}) {
  const store = new FailingStore();
  const shop = await Shop.open({ session: { store }, hub, sse });
  const errors: SseHubError[] = [];
  shop.hub.on("error", (error) => errors.push(error));
  return { store, shop, errors, cookie: await shop.signIn(ALICE) };
}

/** What a stream was told: one that is put off, nothing but the place to return to. */
function namesIn({ all }: { readonly all: ReadonlyArray<{ readonly event: string }> }): string[] {
  return all.map(({ event }) => event);
}

describe("a store in trouble while a stream is opened", () => {
  it.each(["failing", "throwing"] as const)("puts the stream off and says why: %s", async (how) => {
    const { store, shop, errors, cookie } = await open({ retryMs: 1_234 });
    store.reads = ["well", how];

    const stream = await shop.attempt("/events", { cookie });
    await stream.closed;

    expect([stream.status, stream.retryMs, namesIn(stream)]).toEqual([200, 1_234, ["hub:tick"]]);
    expect(errors).toEqual([
      expect.objectContaining({
        code: "ERR_SSE_STORE",
        message:
          "The session store failed while a stream was opened, so the browser was told to ask again later. " +
          "Look at the store; the browsers recover by themselves.",
        cause: expect.objectContaining({ message: how === "failing" ? "away" : "broken" }),
      }),
    ]);
    expect(shop.hub.stats().closed).toEqual({ refused: 1 });
  });

  it("puts a stream off whose read is never answered, after 5 s", async () => {
    const { store, shop, errors, cookie } = await open();
    store.reads = ["well", "never"];

    const stream = await shop.attempt("/events", { cookie });
    await stream.received("retry:");
    await shop.hub.broadcast("message", "secret", ALICE);
    await until(() => errors.length > 0, "it is given up", 10_000);
    await stream.closed;

    expect(namesIn(stream)).toEqual(["hub:tick"]);
    expect(errors).toEqual([
      expect.objectContaining({
        code: "ERR_SSE_STORE",
        cause: expect.objectContaining({
          message: "The session store has not answered for 5000 ms.",
        }),
      }),
    ]);
  });

  it("takes a session that a store of files does not find for one that is gone", async () => {
    const { store, shop, errors, cookie } = await open();
    const get = store.get.bind(store);
    let reads = 0;
    store.get = (id, done) => {
      reads += 1;
      if (reads === 1) get(id, done);
      else done(Object.assign(new Error("no such file"), { code: "ENOENT" }));
    };

    const stream = await shop.attempt("/events", { cookie });

    expect(await stream.closed).toBe("user");
    expect(errors).toEqual([]);
  });
});

describe("a store in trouble while streams are open", () => {
  it("ends them where onStoreError is end, and says so", async () => {
    const { store, shop, errors, cookie } = await open({ revalidateMs: 50 });
    const stream = await shop.stream("/events", { cookie });

    store.fallback = "failing";

    expect(await stream.closed).toBe("error");
    expect(errors).toEqual([
      expect.objectContaining({
        code: "ERR_SSE_STORE",
        message:
          "The session store failed when the sessions of open streams were read again. If onStoreError is " +
          '"end", these streams have ended, and the browsers reconnect after a while. See the cause.',
      }),
    ]);
  });

  it("leaves them where onStoreError is keep, and looks again", async () => {
    const { store, shop, errors, cookie } = await open({ revalidateMs: 50, onStoreError: "keep" });
    const stream = await shop.stream("/events", { cookie });

    store.fallback = "failing";
    await until(() => errors.length >= 3, "it has failed three times");
    await shop.hub.broadcast("message", "still here", ALICE);
    expect(await stream.nextData()).toEqual(["still here"]);
    const { sessions } = store as unknown as { sessions: Record<string, string> };
    Object.keys(sessions).forEach((id) => Reflect.deleteProperty(sessions, id));
    store.fallback = "well";

    expect(await stream.closed).toBe("user");
  });

  it("never has more than 16 sessions read at the same time", async () => {
    const { store, shop } = await open({ revalidateMs: 40 });
    const cookies = await Promise.all(Array.from({ length: 40 }, () => shop.signIn(ALICE)));
    await Promise.all(cookies.map((cookie) => shop.stream("/events", { cookie })));
    const waiting: Array<() => void> = [];
    let most = 0;
    let reads = 0;
    const get = store.get.bind(store);
    store.get = (id, done) => {
      reads += 1;
      waiting.push(() => {
        get(id, done);
      });
      most = Math.max(most, waiting.length);
    };

    await until(() => waiting.length === 16, "as many as may be are read");
    while (reads < 80) {
      await new Promise((resolve) => setImmediate(resolve));
      waiting.shift()?.();
    }

    expect(most).toBe(16);
    waiting.forEach((answer) => {
      answer();
    });
  });
});

describe("a store that says it is disconnected", () => {
  const resolvers: Array<[string, Partial<SseOptions>]> = [
    ["no user function", {}],
    [
      "one that finds nobody",
      { user: (req) => (req.session as { user?: object } | undefined)?.user },
    ],
    ["one that throws", { user: (req) => (req.session as unknown as { user: object }).user }],
    [
      "one that finds nobody later",
      { user: (req) => Promise.resolve((req.session as { user?: object } | undefined)?.user) },
    ],
  ];

  it.each(resolvers)(
    "lets nobody join as somebody else, with %s, and everybody when it is back [session-5]",
    async (_how, sse) => {
      const { store, shop, errors, cookie } = await open({ retryMs: 0 }, sse);
      await shop.stream("/events", { cookie });

      store.emit("disconnect");
      const streams = [
        await shop.attempt("/events", { cookie }),
        await shop.attempt("/private", { cookie }),
      ];
      await Promise.all(streams.map(({ closed }) => closed));
      store.emit("connect");
      await shop.stream("/events", { cookie });

      expect(streams.map(({ status }) => status)).toEqual([200, 200]);
      expect(streams.flatMap(({ all }) => all.filter(({ event }) => event === "hub:open"))).toEqual(
        [],
      );
      expect(errors.map(({ code }) => code)).toEqual(["ERR_SSE_STORE", "ERR_SSE_STORE"]);
      expect(shop.hub.connections().map(({ user }) => user)).toEqual([ALICE, ALICE]);
    },
  );

  it("does not concern a user that comes from elsewhere", async () => {
    const { store, shop, cookie } = await open({}, { user: () => ALICE });
    await shop.stream("/events", { cookie });

    store.emit("disconnect");
    await shop.stream("/events", { cookie });

    expect(shop.hub.connections().map(({ user }) => user)).toEqual([ALICE, ALICE]);
  });
});

it("is not asked again by a hub that has closed", async () => {
  const { store, shop, cookie } = await open({ revalidateMs: 20 });
  await shop.stream("/events", { cookie });
  let reads = 0;
  const get = store.get.bind(store);
  store.get = (id, done) => {
    reads += 1;
    get(id, done);
  };
  await until(() => reads > 0, "it was asked again");

  await shop.hub.close();
  reads = 0;
  const later = Date.now() + 100;
  await until(() => Date.now() > later, "several turns have gone by");

  expect(reads).toBe(0);
});
