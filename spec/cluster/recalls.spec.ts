import type { EndReason } from "express-sse-hub";
import { publisher } from "express-sse-hub/redis";
import { onTestEnd } from "../support/disposers.js";
import { describeWithRedis } from "../support/redis.js";
import { ReturningReader } from "../support/returning-reader.js";
import type { Shop } from "../support/shop.js";
import { Cluster } from "./cluster.js";

const ALICE = { login: "alice", profile: "Administrator" };
const BOB = { login: "bob", profile: "Viewer" };

/** Alice and Bob, with a page on each node. */
async function openPages(nodes: readonly Shop[]) {
  const [first] = nodes as [Shop];
  const cookies = [await first.signIn(ALICE), await first.signIn(BOB)];
  const [alice = [], bob = []] = await Promise.all(
    cookies.map((cookie) =>
      Promise.all(nodes.map(({ url }) => ReturningReader.open(url, "/events", { cookie }))),
    ),
  );
  return { alice, bob, cookie: cookies[0] as string };
}

function startPublisher(url: string, { name }: Cluster) {
  const shop = publisher({ url, name });
  onTestEnd(() => shop.close());
  return shop;
}

function endsOf(readers: readonly ReturningReader[]): Array<Array<string | undefined>> {
  return readers.map(({ streams }) => streams.map(({ endReason }) => endReason));
}

describeWithRedis("hub.refresh() on several nodes", (urlOf) => {
  it.each(["a node", "a publisher"])(
    "from %s sends who matches through the application",
    async (who) => {
      const [cluster, ...nodes] = await Cluster.open({ url: urlOf() });
      const { alice, bob } = await openPages(nodes);
      const from = who === "a node" ? nodes[1].hub : startPublisher(urlOf(), cluster);

      await from.refresh({ login: "alice" });
      await from.broadcast("mark", "after");

      for (const reader of [...alice, ...bob]) await reader.has("mark", "after");
      expect(endsOf(alice)).toEqual(Array(3).fill(["refresh", undefined]));
      expect(endsOf(bob)).toEqual(Array(3).fill([undefined]));
      for (const reader of alice) expect(reader.dataOf("mark")).toEqual(["after"]);
    },
  );
});

describeWithRedis("hub.disconnect() on several nodes", (urlOf) => {
  it.each(["a node", "a publisher"])(
    "from %s stops who matches on all of them; a page that is loaded is let in",
    async (who) => {
      const [cluster, ...nodes] = await Cluster.open({ url: urlOf() });
      const { alice, bob, cookie } = await openPages(nodes);
      const from = who === "a node" ? nodes[1].hub : startPublisher(urlOf(), cluster);

      await from.disconnect({ login: "alice" });
      expect(await Promise.all(alice.map(({ stopped }) => stopped))).toEqual([204, 204, 204]);
      expect(endsOf(alice)).toEqual(Array(3).fill(["stop", undefined]));
      await from.broadcast("mark", "after");
      for (const reader of bob) await reader.has("mark", "after");
      expect(endsOf(bob)).toEqual(Array(3).fill([undefined]));

      const page = await nodes[2].stream("/events", { cookie });
      expect(await page.opened()).toMatchObject({ recovered: null });
    },
  );

  it("answers 204 on any node to a browser that was away while it was stopped elsewhere", async () => {
    const [, here, there, third] = await Cluster.open({ url: urlOf() });
    const cookie = await here.signIn(ALICE);
    const stream = await here.stream("/events", { cookie });
    const { lastEventId } = stream;
    const left = new Promise<EndReason>((resolve) => {
      here.hub.once("leave", (_connection, reason) => {
        resolve(reason);
      });
    });

    await there.hub.disconnect({ login: "alice" });
    expect(await left).toBe("stop");
    // What the first node tells of the session it stopped has come when this has been answered.
    await third.hub.count();
    await third.hub.count();

    for (const node of [there, third]) {
      const { status } = await node.attempt("/events", { cookie, lastEventId });
      expect(status).toBe(204);
    }
    await third.stream("/events", { cookie });
    const back = await third.stream("/events", { cookie, lastEventId });
    expect(await back.opened()).toMatchObject({ recovered: true });
  });
});

describeWithRedis("a process that only observes a session store", (urlOf) => {
  it("ends the streams on the nodes when it changes a session or destroys it", async () => {
    const [cluster, ...nodes] = await Cluster.open({ url: urlOf() });
    const { alice, bob, cookie } = await openPages(nodes);
    const worker = cluster.startWorker();

    await worker.change(cookie, (session) => Object.assign(session, { user: BOB }));
    await nodes[1].hub.broadcast("secret", "first", { profile: "Administrator" });
    await worker.destroy(cookie);
    await nodes[2].hub.broadcast("secret", "second", { login: "bob" });
    await nodes[2].hub.broadcast("mark", "after");
    for (const reader of [...alice, ...bob]) await reader.has("mark", "after");

    expect(endsOf(bob)).toEqual(Array(3).fill([undefined]));
    for (const reader of bob) expect(reader.dataOf("secret")).toEqual(["second"]);
    for (const reader of alice) {
      expect(reader.dataOf("secret")).toEqual([]);
      expect(reader.streams[0]?.endReason).toBe("user");
    }
  });
});
