import { setTimeout as wait } from "node:timers/promises";
import { publisher } from "express-sse-hub/redis";
import supertest from "supertest";
import type { LogAnswer, UserAnswer } from "../../lib/dashboard/log-view.js";
import type { PeoplePage } from "../../lib/dashboard/people.js";
import { userKeyOf } from "../../lib/user/user.js";
import { onTestEnd } from "../support/disposers.js";
import { FeedProcess } from "../support/feed-process.js";
import { dashboard } from "express-sse-hub/dashboard";
import { Cluster } from "../cluster/cluster.js";
import { describeWithRedis } from "../support/redis.js";
import { ADMINISTRATORS, ALICE, ask, BOB, flowThat, tokenFor } from "./dashboard-shop.js";

/** Nodes with a dashboard each. */
function openNodes(url: string, addresses = ADDRESSES) {
  return Cluster.open({
    url,
    shop: {
      routes: (app, hub) =>
        app.use("/sse-admin", dashboard({ hub, allow: ADMINISTRATORS, ...addresses })),
    },
  });
}

const ADDRESSES: { readonly addresses?: boolean } = {};

describeWithRedis("the dashboard of one of several nodes", (urlOf) => {
  it("reaches the connections of all, with the token that another one gave", async () => {
    const [, ...nodes] = await openNodes(urlOf());
    const [alice, bob] = [await nodes[0].signIn(ALICE), await nodes[0].signIn(BOB)];
    await nodes[0].stream("/events", { cookie: bob });
    await nodes[1].stream("/events", { cookie: bob });
    await nodes[1].stream("/rooms/news");
    const stream = await nodes[2].stream("/rooms/news", { cookie: bob });
    const token = await tokenFor(nodes[0], alice);
    const post = (path: string, body: object) =>
      supertest(nodes[2].url)
        .post(`/sse-admin/${path}`)
        .set({ Cookie: alice, "SSE-Dashboard-Token": token, "Sec-Fetch-Site": "same-origin" })
        .send(body)
        .expect(200);
    const reach = async (body: object) => (await post("reach", body)).body as object;
    expect(await reach({ matcher: '{"profile":"Viewer"}' })).toEqual({
      connections: 3,
      users: 1,
      shown: [{ user: BOB, connections: 3 }],
    });
    expect(await reach({ rooms: ["news"] })).toMatchObject({ connections: 2, users: 1 });
    await post("send", { rooms: ["news"], event: "offer", data: "9" });
    expect(await stream.next()).toMatchObject({ event: "offer", data: "9" });
  });

  it("tells the numbers of all nodes that live, and of none that only publishes", async () => {
    const [cluster, ...nodes] = await openNodes(urlOf());
    const shop = publisher({ url: urlOf(), name: cluster.name });
    onTestEnd(() => shop.close());
    await shop.broadcast("message", "it is there");
    const process = await FeedProcess.start("0", { REDIS_URL: urlOf(), LOG_NAME: cluster.name });
    const [alice, bob] = [await nodes[0].signIn(ALICE), await nodes[0].signIn(BOB)];
    await nodes[1].stream("/events", { cookie: bob });
    const looking = await nodes[0].stream("/sse-admin/stream", { cookie: alice });
    const all = await flowThat(looking, ({ nodes: told }) => told.length === 4);
    expect(all.nodes[0]?.id).toBe(all.self);
    expect(all.nodes.map(({ connections }) => connections).toSorted()).toEqual([0, 0, 1, 1]);
    // From here on they are measured.
    await nodes[2].hub.broadcast("offer", 9);
    const other = await flowThat(looking, ({ nodes: told }) =>
      told.some(({ id, written }) => id !== all.self && written > 0),
    );
    const [{ passes, passMs, writeMs, delivered }] = other.nodes.filter(
      ({ id, written }) => id !== all.self && written > 0,
    ) as [(typeof other.nodes)[number]];
    expect([passes, delivered]).toEqual([1, 1]);
    expect(writeMs).toBeGreaterThanOrEqual(passMs);
    process.signal("SIGKILL");
    await flowThat(looking, ({ nodes: told }) => told.length === 3);
    await nodes[2].hub.close();
    await flowThat(looking, ({ nodes: told }) => told.length === 2);
  });

  it("shows who is online on the others, with what is delivered there", async () => {
    const [, ...nodes] = await openNodes(urlOf());
    const [alice, bob] = [await nodes[0].signIn(ALICE), await nodes[0].signIn(BOB)];
    await nodes[1].stream("/rooms/news", { cookie: bob });
    const { users } = await ask<PeoplePage>(nodes[0], alice, "users");
    const [shown] = users[0]?.shown ?? [];
    expect([users[0]?.user, shown?.rooms, shown?.address]).toEqual([BOB, ["news"], undefined]);
    const userSince = (after: string) =>
      ask<UserAnswer>(nodes[0], alice, `user?key=${userKeyOf(BOB)}&after=${after}`);
    const { at } = await userSince("");
    await nodes[2].hub.to("news").broadcast("news", "");
    await nodes[2].hub.to("sport").broadcast("sport", "");
    await nodes[2].hub.broadcast("bob", "", { id: 2 });
    await nodes[2].hub.broadcast("alice", "", { id: 1 });
    const seen: string[] = [];
    for (let after = at; seen.length < 2;) {
      await wait(20);
      const answer = await userSince(after);
      seen.push(...answer.entries.map(({ event }) => event));
      after = answer.at;
    }
    expect(seen).toEqual(["news", "bob"]);
  });

  it("is told addresses by nodes that show them themselves", async () => {
    const [cluster, one] = await openNodes(urlOf(), { addresses: true });
    const shy = await cluster.start(urlOf(), {
      routes: (app, hub) => app.use("/sse-admin", dashboard({ hub, allow: ADMINISTRATORS })),
    });
    const [alice, bob] = [await one.signIn(ALICE), await one.signIn(BOB)];
    await one.stream("/events", { cookie: bob });
    await shy.stream("/events", { cookie: bob });
    const addressesAt = async (node: typeof one) => {
      const { users } = await ask<PeoplePage>(node, alice, "users");
      return users[0]?.shown.map(({ address }) => typeof address);
    };
    expect(await addressesAt(one)).toEqual(["string", "undefined"]);
    expect(await addressesAt(shy)).toEqual(["undefined", "undefined"]);
  });

  it("marks on every node what was sent from the dashboard of one", async () => {
    const [cluster, ...nodes] = await openNodes(urlOf());
    const alice = await nodes[0].signIn(ALICE);
    const token = await tokenFor(nodes[0], alice);
    await supertest(nodes[0].url)
      .post("/sse-admin/send")
      .set({ Cookie: alice, "SSE-Dashboard-Token": token, "Sec-Fetch-Site": "same-origin" })
      .send({ event: "offer", data: "9" })
      .expect(200);
    // One that comes later reads it from the server.
    for (const node of [nodes[1], await cluster.start()]) {
      let entries: LogAnswer["entries"] = [];
      while (entries.length === 0) {
        await wait(20);
        ({ entries } = await ask<LogAnswer>(node, alice, "log"));
      }
      expect(entries.map(({ event, sentBy }) => [event, sentBy])).toEqual([["offer", ALICE]]);
    }
  });
});
