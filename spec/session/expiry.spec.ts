import { RedisStore } from "connect-redis";
import type { Express } from "express";
import { createClient } from "redis";
import supertest from "supertest";
import { onTestEnd } from "../support/disposers.js";
import { describeWithRedis } from "../support/redis.js";
import { ReturningReader } from "../support/returning-reader.js";
import { Shop } from "../support/shop.js";
import { sessionIdOf } from "../support/session-id.js";

const ALICE = { login: "alice", profile: "Administrator" };

// If a session were not read at its expiry, it would be read after 45 s at the earliest, as all are from time to time.
const EXPIRY_MS = 30_000;

function openShop(maxAge: number | undefined, more: object = {}): Promise<Shop> {
  return Shop.open({
    session: { cookie: { maxAge }, ...more },
    hub: { retryMs: 10 },
    routes: (app: Express) => {
      app.get("/visit", (_req, res) => {
        res.sendStatus(204);
      });
    },
  });
}

/** Visits the shop with a cookie until told to stop. */
function keepVisiting(shop: Shop, cookie: string): () => Promise<void> {
  let isOver = false;
  const visiting = (async () => {
    while (!isOver) await supertest(shop.url).get("/visit").set("Cookie", cookie).expect(204);
  })();
  return async () => {
    isOver = true;
    await visiting;
  };
}

function changeStored(shop: Shop, cookie: string, change: (stored: Stored) => object): void {
  const { sessions } = shop.store as unknown as { sessions: Record<string, string> };
  const id = sessionIdOf(cookie);
  sessions[id] = JSON.stringify(change(JSON.parse(String(sessions[id])) as Stored));
}

interface Stored {
  readonly cookie: object;
  readonly user?: unknown;
}

describe("a session that expires", () => {
  it("ends its streams, and the browser comes back as nobody", async () => {
    const shop = await openShop(1_500);
    const reader = await ReturningReader.open(shop.url, "/events", {
      cookie: await shop.signIn(ALICE),
    });

    await reader.isOpen(2);

    expect(reader.streams[0]?.endReason).toBe("user");
    expect(shop.hub.connections().map(({ user }) => user)).toEqual([undefined]);
  });

  it("does not while other requests prolong it", async () => {
    const shop = await openShop(5_000);
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/events", { cookie });
    const stop = keepVisiting(shop, cookie);

    await expect(stream.hub("hub:end", 7_000)).rejects.toThrow("No hub:end in 7000 ms.");
    await stop();

    expect(await stream.hub("hub:end", EXPIRY_MS)).toMatchObject({ data: '{"reason":"user"}' });
  });

  it.each([true, false])(
    "is not prolonged by the stream, whatever its cookie says: rolling %s",
    async (rolling) => {
      const shop = await openShop(60_000, { rolling });
      const cookie = await shop.signIn(ALICE);
      // As a session that nobody used for nearly a minute.
      changeStored(shop, cookie, (stored) => ({
        ...stored,
        cookie: { ...stored.cookie, expires: new Date(Date.now() + 1_500) },
      }));

      const stream = await shop.stream("/events", { cookie });

      expect(await stream.hub("hub:end", EXPIRY_MS)).toMatchObject({ data: '{"reason":"user"}' });
    },
  );

  it("is found by revalidateMs when nothing tells of its end", async () => {
    const shop = await Shop.open({ hub: { revalidateMs: 100 } });
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/events", { cookie });

    const { sessions } = shop.store as unknown as { sessions: Record<string, string> };
    Reflect.deleteProperty(sessions, sessionIdOf(cookie));

    expect(await stream.closed).toBe("user");
  });

  it("is found by revalidateMs when it was changed past the store [session-1]", async () => {
    const shop = await Shop.open({ hub: { revalidateMs: 100 } });
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/events", { cookie });

    changeStored(shop, cookie, (stored) => ({ ...stored, user: { ...ALICE, profile: "Viewer" } }));

    expect(await stream.closed).toBe("user");
  });

  it("is left in peace while it is the same", async () => {
    const shop = await Shop.open({ hub: { revalidateMs: 20 } });
    let reads = 0;
    const { store } = shop;
    const get = store.get.bind(store);
    store.get = (id, done) => {
      reads += 1;
      get(id, done);
    };
    const stream = await shop.stream("/events", { cookie: await shop.signIn(ALICE) });
    reads = 0;

    while (reads < 5) await supertest(shop.url).get("/nowhere").expect(404);

    await shop.hub.broadcast("message", "still here", ALICE);
    expect(await stream.nextData()).toEqual(["still here"]);
  });
});

describeWithRedis("a session in Redis that expires", (urlOf) => {
  async function open(maxAge: number) {
    const client = await createClient({ url: urlOf() }).connect();
    onTestEnd(() => {
      client.destroy();
    });
    return openShop(maxAge, { store: new RedisStore({ client }) });
  }

  it("ends its streams", async () => {
    const shop = await open(2_000);
    const stream = await shop.stream("/events", { cookie: await shop.signIn(ALICE) });

    expect(await stream.hub("hub:end", EXPIRY_MS)).toMatchObject({ data: '{"reason":"user"}' });
  });

  it("does not while other requests prolong it, whose touch leaves the stored expiry [session-6]", async () => {
    const shop = await open(5_000);
    const cookie = await shop.signIn(ALICE);
    const stream = await shop.stream("/events", { cookie });
    const stop = keepVisiting(shop, cookie);

    await expect(stream.hub("hub:end", 7_000)).rejects.toThrow("No hub:end in 7000 ms.");
    await stop();

    expect(await stream.hub("hub:end", EXPIRY_MS)).toMatchObject({ data: '{"reason":"user"}' });
  });
});

describe("a user that names the end of its time", () => {
  it.each([
    ["milliseconds", (time: number) => time],
    ["a date", (time: number) => new Date(time)],
    ["ISO text", (time: number) => new Date(time).toISOString()],
  ])("in %s ends its streams then", async (_how, write) => {
    const shop = await Shop.open({
      sse: { user: () => ({ ...ALICE, expiresAt: write(Date.now() + 1_000) }) },
    });
    const stream = await shop.stream("/events");

    expect(await stream.hub("hub:end", EXPIRY_MS)).toMatchObject({ data: '{"reason":"user"}' });
  });

  it("is told nothing when it is over already", async () => {
    const shop = await Shop.open({
      sse: { user: () => ({ ...ALICE, expiresAt: Date.now() - 1 }) },
    });
    const stream = await shop.attempt();
    await shop.hub.broadcast("message", "secret", ALICE);

    expect(await stream.closed).toBe("user");
    expect(stream.all.map(({ event }) => event)).toEqual(["hub:end"]);
  });

  it("ends streams of its own too", async () => {
    const shop = await Shop.open({
      sse: { user: () => ({ ...ALICE, expiresAt: Date.now() + 1_000 }) },
      routes: (app) => {
        app.get("/own", (req) => {
          req.sse.open();
        });
      },
    });
    const stream = await shop.stream("/own");

    expect(await stream.closed).toBe("user");
  });
});

describe("maxConnectionAgeMs", () => {
  it("ends streams, which resume with nothing lost [shared-6]", async () => {
    const shop = await Shop.open({ hub: { maxConnectionAgeMs: 80, retryMs: 0 } });
    const reader = await ReturningReader.open(shop.url, "/events", { patience: 1 });
    const sent: string[] = [];
    while (reader.streams.length < 6) {
      const data = String(sent.length);
      sent.push(data);
      await shop.hub.broadcast("message", data);
      await supertest(shop.url).get("/nowhere").expect(404);
    }
    await shop.hub.broadcast("message", "last");
    await reader.has("message", "last");

    expect(reader.dataOf("message")).toEqual([...sent, "last"]);
    const ends = reader.streams.slice(0, 5).map(({ endReason }) => endReason);
    expect(ends).toEqual(Array.from({ length: 5 }, () => "age"));
  });

  it("leaves streams alone when it is null", async () => {
    const shop = await Shop.open({ hub: { maxConnectionAgeMs: null, revalidateMs: 20 } });
    const stream = await shop.stream();

    await expect(stream.hub("hub:end", 300)).rejects.toThrow("No hub:end in 300 ms.");
  });
});
