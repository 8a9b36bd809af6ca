import { FaultProxy } from "../support/fault-proxy.js";
import { describeWithRedis, RedisServer } from "../support/redis.js";
import { ReturningReader } from "../support/returning-reader.js";
import { until, type Shop } from "../support/shop.js";
import { Cluster, post } from "./cluster.js";

const ALICE = { login: "alice", profile: "Administrator" };
const BOB = { login: "bob", profile: "Administrator" };
const HEARTBEAT = ":\n";

/** Three nodes, of which the first reaches Redis over a wire that can be cut. */
async function openCuttable(url: string, hub: { revalidateMs?: number } = {}) {
  const proxy = await FaultProxy.start(url.replace("redis", "http"));
  const cluster = new Cluster({ url, log: { deadlineMs: 30_000 }, shop: { hub } });
  const cut = await cluster.start(proxy.url.replace("http", "redis"));
  return { proxy, cluster, cut, near: await cluster.start() };
}

async function isDegraded({ hub }: Shop): Promise<void> {
  await until(() => hub.health().status === "degraded", "it is degraded", 10_000);
}

function isUpToDate({ hub }: Shop): boolean {
  const { status, lagMs } = hub.health();
  return status === "ok" && lagMs === 0;
}

describeWithRedis("a node that cannot reach Redis", (urlOf) => {
  it("answers a logout after 2 s, says what is not told, and tells it before what it sends", async () => {
    const { proxy, cluster, cut, near } = await openCuttable(urlOf());
    const cookie = await near.signIn(ALICE);
    const bob = await near.stream("/events", { cookie: await near.signIn(BOB) });
    const alice = await ReturningReader.open(near.url, "/events", { cookie });
    proxy.unplug();
    await isDegraded(cut);

    const before = performance.now();
    await post(cut, "/logout", cookie);
    expect(performance.now() - before).toBeGreaterThan(1_900);
    expect(cluster.errors).toEqual(["ERR_SSE_LOG", "ERR_SSE_CONTROL_UNSENT"]);
    const secret = cut.hub.broadcast("secret", "x", { profile: "Administrator" });
    const mark = cut.hub.broadcast("mark", "for all");
    proxy.plugIn();
    await Promise.all([secret, mark]);
    await alice.has("mark", "for all");

    expect(alice.streams.map(({ endReason }) => endReason)).toEqual(["user", undefined]);
    expect(alice.dataOf("secret")).toEqual([]);
    expect(await bob.nextData(2)).toEqual(["x", "for all"]);
    expect(cluster.errors).toEqual(["ERR_SSE_LOG", "ERR_SSE_CONTROL_UNSENT"]);
  });

  it("leaves a logout to be found by the others within revalidateMs", async () => {
    const { proxy, cut, near } = await openCuttable(urlOf(), { revalidateMs: 3_000 });
    const cookie = await near.signIn(ALICE);
    const alice = await near.stream("/events", { cookie });
    proxy.unplug();
    await isDegraded(cut);
    await post(cut, "/logout", cookie);

    expect(await alice.closed).toBe("user");
    expect(cut.hub.health().status).toBe("degraded");
  });

  it("says since when and how far it is behind, and that it has recovered", async () => {
    const { proxy, cut, near } = await openCuttable(urlOf());
    await until(() => isUpToDate(near), "the other node reads");
    const healthy = cut.hub.health();
    expect(healthy).toMatchObject({ status: "ok", lagMs: 0, epoch: near.hub.health().epoch });
    const cutAt = Date.now();
    proxy.unplug();
    await isDegraded(cut);

    await until(() => cut.hub.health().lagMs > 500, "the lag grows");
    const away = cut.hub.health();
    expect(away.since).toBeGreaterThanOrEqual(cutAt);
    expect(away.since).toBeLessThanOrEqual(Date.now());
    await until(() => isUpToDate(near), "the other node has read everything");
    proxy.plugIn();
    await until(() => isUpToDate(cut), "it is well again");

    expect(cut.hub.health()).toEqual({
      status: "ok",
      lagMs: 0,
      problem: null,
      since: expect.any(Number),
      epoch: healthy.epoch,
    });
    expect(cut.hub.health().since).toBeGreaterThan(away.since);
  });

  it("keeps its streams open with heartbeats, and gives them what came meanwhile", async () => {
    const { proxy, cluster, cut, near } = await openCuttable(urlOf());
    const beating = await cluster.start(proxy.url.replace("http", "redis"), {
      hub: { heartbeatMs: 20 },
    });
    const alice = { cookie: await near.signIn(ALICE) };
    const streams = await Promise.all([beating.stream(), beating.stream("/events", alice)]);
    proxy.unplug();
    await Promise.all([isDegraded(cut), isDegraded(beating)]);
    const lengths = streams.map(({ raw }) => raw.length);
    await near.hub.broadcast("message", "meanwhile");

    for (const [n, stream] of streams.entries()) {
      await until(() => stream.raw.slice(lengths[n]).startsWith(HEARTBEAT.repeat(3)), "beats");
      expect(stream.pending).toEqual([]);
    }
    proxy.plugIn();
    for (const stream of streams) expect(await stream.nextData()).toEqual(["meanwhile"]);
  });

  it("lets nobody in under a user who logged out elsewhere while a stream was opened", async () => {
    const { proxy, cut, near } = await openCuttable(urlOf());
    const cookie = await near.signIn(ALICE);
    const { lastEventId = "" } = await near.stream("/events", { cookie });
    proxy.unplug();
    await isDegraded(cut);
    // Its cursor is judged when the node has read what the others have.
    const id = await near.hub.broadcast("message", "ahead");
    const alice = await cut.attempt("/events", { cookie, lastEventId: id });
    await post(near, "/logout", cookie);
    await near.hub.broadcast("secret", "x", { profile: "Administrator" });
    proxy.plugIn();

    expect(await alice.closed).toBe("user");
    expect([lastEventId === id, alice.pending]).toEqual([false, []]);
  });
});

describeWithRedis("nodes that start while Redis is away", () => {
  it("take joins, which wait with heartbeats and open when Redis comes", async () => {
    const redis = await RedisServer.start();
    await redis.kill();
    const cluster = new Cluster({
      url: redis.url,
      log: { deadlineMs: 30_000 },
      shop: { hub: { heartbeatMs: 20 } },
    });
    const nodes = await Promise.all([cluster.startSoon(), cluster.startSoon()]);
    const cookie = await nodes[0].signIn(ALICE);
    const streams = await Promise.all(
      nodes.flatMap((node) => [node.attempt(), node.attempt("/events", { cookie })]),
    );
    for (const stream of streams) {
      await stream.received(HEARTBEAT.repeat(3));
      expect([stream.status, stream.all]).toEqual([200, []]);
    }

    await redis.run();
    for (const stream of streams) {
      expect(await stream.opened()).toMatchObject({ recovered: null });
    }
    await nodes[0].hub.broadcast("message", "hello");
    for (const stream of streams) expect(await stream.nextData()).toEqual(["hello"]);
  });
});
