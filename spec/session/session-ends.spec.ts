import { MemoryStore, type SessionData } from "express-session";
import supertest from "supertest";
import type { HubOptions, SessionEndCause } from "express-sse-hub";
import { Cluster, post } from "../cluster/cluster.js";
import { connectTo } from "../redis/nodes.js";
import { describeWithRedis, RedisServer } from "../support/redis.js";
import { sessionIdOf } from "../support/session-id.js";
import { Shop } from "../support/shop.js";

const ALICE = { login: "alice", profile: "Administrator" };

/** In memory, until it fails. */
class FailingStore extends MemoryStore {
  isAway = false;

  override get(id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    if (this.isAway) setImmediate(done, new Error("away"));
    else super.get(id, done);
  }
}

/** A shop in which Alice has two pages, and somebody without a session one. */
async function openPages(hub: HubOptions = {}, maxAge?: number) {
  const store = new FailingStore();
  const shop = await Shop.open({
    hub,
    session: { store, cookie: { maxAge } },
    routes: (app) => {
      app.post("/demote", (req, res) => {
        Object.assign(req.session, { user: { ...ALICE, profile: "Viewer" } });
        res.sendStatus(204);
      });
    },
  });
  shop.hub.on("error", () => undefined);
  const cookie = await shop.signIn(ALICE);
  const pages = [
    await shop.stream("/events", { cookie }),
    await shop.stream("/events", { cookie }),
  ];
  await shop.stream();
  return { shop, store, cookie, whenEnded: () => Promise.all(pages.map(({ closed }) => closed)) };
}

type Pages = Awaited<ReturnType<typeof openPages>>;

/** What ends the streams of a session: how it is done, and which hub that needs. */
const CAUSES: Array<[SessionEndCause, (pages: Pages) => unknown, HubOptions, number | undefined]> =
  [
    ["destroyed", ({ shop, cookie }) => postTo(shop, "/logout", cookie), {}, undefined],
    ["changed", ({ shop, cookie }) => postTo(shop, "/demote", cookie), {}, undefined],
    ["expired", () => undefined, {}, 3_000],
    [
      "revalidated",
      ({ store, cookie }) => {
        const { sessions } = store as unknown as { sessions: Record<string, string> };
        sessions[sessionIdOf(cookie)] = JSON.stringify({ cookie: {}, user: { login: "bob" } });
      },
      { revalidateMs: 50 },
      undefined,
    ],
    ["store", ({ store }) => (store.isAway = true), { revalidateMs: 50 }, undefined],
    ["refresh", ({ shop }) => shop.hub.refresh({ login: "alice" }), {}, undefined],
    ["disconnect", ({ shop }) => shop.hub.disconnect({ login: "alice" }), {}, undefined],
  ];

async function postTo({ url }: Shop, path: string, cookie: string): Promise<void> {
  await supertest(url).post(path).set("Cookie", cookie).expect(204);
}

describe("hub.stats().sessionsEnded", () => {
  it.each(CAUSES)(
    "counts a session once, with all its streams: %s",
    async (cause, act, hub, age) => {
      const pages = await openPages(hub, age);
      await act(pages);
      await pages.whenEnded();

      expect(pages.shop.hub.stats().sessionsEnded).toEqual({ [cause]: 1 });
      expect(pages.shop.hub.size).toBe(1);
    },
  );

  it("counts users without a session in a store one by one, once their time is over", async () => {
    const expiresAt = Date.now() + 3_000;
    const shop = await Shop.open({ sse: { user: () => ({ login: "alice", expiresAt }) } });
    const pages = [await shop.stream(), await shop.stream()];
    await Promise.all(pages.map(({ closed }) => closed));

    expect(shop.hub.stats().sessionsEnded).toEqual({ expired: 2 });
  });

  it("does not count streams that end for other reasons", async () => {
    const { shop, whenEnded, cookie } = await openPages();
    for (const connection of shop.hub.connections({ login: "alice" })) connection.close();
    await whenEnded();
    await postTo(shop, "/logout", cookie);

    expect(shop.hub.stats().sessionsEnded).toEqual({});
  });

  describeWithRedis("with several nodes", () => {
    it("tells what another node did, and what the log may have lost, from what was done here", async () => {
      const redis = await RedisServer.start();
      const [, here, there] = await Cluster.open({ url: redis.url });
      const cookie = await here.signIn(ALICE);
      const pages = [
        await here.stream("/events", { cookie }),
        await there.stream("/events", { cookie }),
      ];
      await post(here, "/logout", cookie);
      await Promise.all(pages.map(({ closed }) => closed));
      const again = await here.signIn(ALICE);
      const last = await there.stream("/events", { cookie: again });
      await (
        await connectTo(redis.url)
      )("FLUSHALL");
      await last.closed;

      expect(here.hub.stats().sessionsEnded).toEqual({ destroyed: 1 });
      expect(there.hub.stats().sessionsEnded).toEqual({ elsewhere: 1, break: 1 });
    });
  });
});
