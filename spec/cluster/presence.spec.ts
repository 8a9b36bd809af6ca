import { setTimeout as wait } from "node:timers/promises";
import type { SessionRequest } from "express-sse-hub";
import { publisher } from "express-sse-hub/redis";
import { FeedProcess } from "../support/feed-process.js";
import { onTestEnd } from "../support/disposers.js";
import { openStream } from "../support/open-stream.js";
import { describeWithRedis } from "../support/redis.js";
import { cookieOf, type Shop } from "../support/shop.js";
import { until } from "../support/until.js";
import { Cluster } from "./cluster.js";

// The user that the process logs in.
const ALICE = { login: "alice" };
const BOB = { login: "bob", profile: "Viewer" };

/** A node in a process of its own, with two pages of Alice's. */
async function startProcess(url: string, { name }: Cluster): Promise<FeedProcess> {
  const node = await FeedProcess.start("0", { REDIS_URL: url, LOG_NAME: name });
  const cookie = cookieOf((await node.post("/login")).headers.getSetCookie());
  for (let n = 0; n < 2; n += 1) {
    const stream = await openStream(node.url, "/events", { cookie });
    onTestEnd(() => {
      stream.close();
    });
    await stream.opened();
  }
  return node;
}

/** Asks again until so many are counted. */
async function whenCounted({ hub }: Shop, expected: number): Promise<void> {
  const since = performance.now();
  for (let count = -1; count !== expected; count = await hub.count()) {
    if (performance.now() - since > 15_000) throw new Error(`It stays ${count}.`);
    await wait(20);
  }
}

describeWithRedis("hub.users() and hub.count()", (urlOf) => {
  it("tell of all nodes: a user with pages on several is one, who publishes is none", async () => {
    const [cluster, ...nodes] = await Cluster.open({ url: urlOf() });
    const shop = publisher({ url: urlOf(), name: cluster.name });
    onTestEnd(() => shop.close());
    await shop.broadcast("message", "it is there");
    const [alice, bob] = [await nodes[0].signIn(ALICE), await nodes[0].signIn(BOB)];
    await Promise.all(nodes.map((node) => node.stream("/events", { cookie: alice })));
    await nodes[1].stream("/events", { cookie: bob });
    await nodes[2].stream();

    for (const { hub } of nodes) {
      const users = await hub.users();
      expect(users.toSorted((a, b) => b.connections - a.connections)).toEqual([
        { user: ALICE, connections: 3 },
        { user: BOB, connections: 1 },
      ]);
      expect(await hub.users({ login: "bob" })).toEqual([{ user: BOB, connections: 1 }]);
      expect([await hub.count(), await hub.count({ login: "alice" })]).toEqual([5, 3]);
      expect(() => hub.count({})).toThrow(expect.objectContaining({ code: "ERR_SSE_FILTER" }));
    }
  });

  it.each([
    ["to another node", 1],
    ["to the same node", 0],
  ])("tell nothing of the old role of one who returns %s with a new one", async (_where, at) => {
    const roles = new Map([["bob", "Viewer"]]);
    const roleOf = ({ user }: { user?: { login: string } }) =>
      user === undefined ? null : { login: user.login, profile: roles.get(user.login) };
    const user = ({ session }: SessionRequest) => roleOf(session as object);
    const [, ...nodes] = await Cluster.open({ url: urlOf(), shop: { sse: { user } } });
    const cookie = await nodes[0].signIn(BOB);
    const before = await nodes[0].stream("/events", { cookie });
    roles.set("bob", "Administrator");
    await nodes[1].hub.refresh({ login: "bob" });
    await before.closed;
    const after = await (nodes[at] as Shop).stream("/events", { cookie });

    const usersOnAll = () => Promise.all(nodes.map(({ hub }) => hub.users()));
    const old = { ...BOB, profile: "Viewer" };
    const promoted = { user: { ...BOB, profile: "Administrator" }, connections: 1 };
    expect(await usersOnAll()).toEqual(nodes.map(() => [promoted]));
    after.close();
    await until(() => nodes.every(({ hub }) => hub.size === 0), "the page has left");
    const left = (await usersOnAll()).flat();
    expect(left).not.toContainEqual({ user: old, connections: expect.any(Number) });
  });

  it("forget a node that was killed", async () => {
    const [cluster, node] = await Cluster.open({ url: urlOf() });
    const other = await startProcess(urlOf(), cluster);
    expect(await node.hub.users()).toEqual([{ user: ALICE, connections: 2 }]);
    other.signal("SIGKILL");
    await other.exit;

    await whenCounted(node, 0);
    expect(await node.hub.users()).toEqual([]);
  });

  it("answer without a node that hangs, and with it when it goes on", async () => {
    const [cluster, node] = await Cluster.open({ url: urlOf() });
    const other = await startProcess(urlOf(), cluster);
    expect(await node.hub.count()).toBe(2);
    other.signal("SIGSTOP");
    onTestEnd(() => {
      other.signal("SIGCONT");
    });

    await whenCounted(node, 0);
    other.signal("SIGCONT");
    await whenCounted(node, 2);
    expect(await node.hub.users()).toEqual([{ user: ALICE, connections: 2 }]);
  });
});
