import type { ConnectionDetails } from "../../lib/cluster/connection-details.js";
import type { PeoplePage } from "../../lib/dashboard/people.js";
import { openStream } from "../support/open-stream.js";
import { until, type Shop } from "../support/shop.js";
import { ALICE, ask, BOB, openDashboardShop } from "./dashboard-shop.js";
import { logOfNodes } from "./log-of-nodes.js";

function pageOf(shop: Shop, cookie: string, query = ""): Promise<PeoplePage> {
  return ask<PeoplePage>(shop, cookie, `users?${query}`);
}

function namesIn({ users }: PeoplePage): unknown[] {
  return users.map(({ user }) => (user as { name?: string }).name);
}

describe("who is online", () => {
  it("tells of each user's connections", async () => {
    const shop = await openDashboardShop();
    const [alice, bob] = [await shop.signIn(ALICE), await shop.signIn(BOB)];
    const before = Date.now();
    const first = await shop.stream("/rooms/news", { cookie: bob });
    await shop.stream("/events", { cookie: bob, lastEventId: "other.1" });
    await shop.stream("/sse-admin/stream", { cookie: alice });
    await until(() => shop.hub.stats().behind === 0, "all are at the head");
    const { total, users } = await pageOf(shop, alice);
    expect(total).toBe(2);
    const [{ user, connections, since, shown }] = users as [PeoplePage["users"][number]];
    expect([user, connections]).toEqual([BOB, 2]);
    expect(since).toBeGreaterThanOrEqual(before);
    expect(shown.map(({ verdict, rooms, isBehind }) => [verdict, rooms, isBehind])).toEqual([
      ["new", ["news"], false],
      ["epoch", [], false],
    ]);
    expect(shown[0]?.id).toBe((await first.opened()).connection);
    expect(shown[0]?.node.name).toContain(`:${process.pid}`);
    const [own] = users.at(-1)?.shown as ConnectionDetails[];
    expect([own?.verdict, own?.isBehind]).toEqual([null, false]);
  });

  it("tells no addresses unless it is told to", async () => {
    for (const addresses of [undefined, true]) {
      const shop = await openDashboardShop(addresses ? { shows: { addresses } } : {});
      const [alice, bob] = [await shop.signIn(ALICE), await shop.signIn(BOB)];
      await shop.stream("/events", { cookie: bob });
      const { users } = await pageOf(shop, alice);
      expect(users[0]?.shown[0]?.address?.includes("127.0.0.1")).toBe(addresses);
    }
  });

  it("asks other nodes for no addresses unless it is told to", async () => {
    const asked: unknown[] = [];
    const log = logOfNodes(({ kind, wantsAddresses }) => {
      if (kind === "connections") asked.push(wantsAddresses);
      return [];
    });
    const shop = await openDashboardShop({ hub: { log } });
    const alice = await shop.signIn(ALICE);
    await shop.stream("/events", { cookie: alice });
    await pageOf(shop, alice);
    expect(asked).toEqual([false]);
  });

  it("sorts by name, by connections, and by who came last", async () => {
    const shop = await openDashboardShop();
    const alice = await shop.signIn(ALICE);
    const users = ["Carl", "Bea", "Dora"].map((name, id) => ({ id, name }));
    for (const [index, user] of users.entries()) {
      const cookie = await shop.signIn(user);
      for (let n = 0; n <= index % 2; n += 1) await shop.stream("/events", { cookie });
      const now = Date.now();
      await until(() => Date.now() > now, "the clock goes on");
    }
    expect(namesIn(await pageOf(shop, alice))).toEqual(["Bea", "Carl", "Dora"]);
    expect(namesIn(await pageOf(shop, alice, "sort=name"))).toEqual(["Bea", "Carl", "Dora"]);
    expect(namesIn(await pageOf(shop, alice, "sort=since"))).toEqual(["Dora", "Bea", "Carl"]);
    expect(namesIn(await pageOf(shop, alice, "sort=toString"))).toEqual(["Bea", "Carl", "Dora"]);
  });

  it("gives 10 000 users in pages, and finds one of them", async () => {
    const crowd = Array.from({ length: 10_000 }, (_, id) => ({
      user: { id, name: `User ${id}` },
      connections: 1,
      since: 1_700_000_000_000 + id,
    }));
    const log = logOfNodes(({ kind }) => (kind === "users" ? [crowd] : []));
    const shop = await openDashboardShop({ hub: { log } });
    const alice = await shop.signIn(ALICE);
    const first = await pageOf(shop, alice);
    expect([first.total, first.page, first.pages, first.users.length]).toEqual([
      10_000, 1, 200, 50,
    ]);
    expect((await pageOf(shop, alice, "page=9999")).page).toBe(200);
    expect(namesIn(await pageOf(shop, alice, "sort=since")).slice(0, 2)).toEqual([
      "User 9999",
      "User 9998",
    ]);
    const { total, users } = await pageOf(shop, alice, "search=user%207777");
    expect([total, users]).toEqual([1, [{ ...crowd[7_777], key: users[0]?.key, shown: [] }]]);
  });

  it("passes over what a node of another version answers", async () => {
    const log = logOfNodes(() => [null, 7, [{ key: 1 }, null], { id: "x" }]);
    const shop = await openDashboardShop({ hub: { log } });
    const alice = await shop.signIn(ALICE);
    await shop.stream("/events", { cookie: alice });
    const stream = await openStream(shop.url, "/sse-admin/stream", { cookie: alice });
    const { total, users } = await pageOf(shop, alice);
    stream.close();
    expect([total, users[0]?.user]).toEqual([1, ALICE]);
  });
});
