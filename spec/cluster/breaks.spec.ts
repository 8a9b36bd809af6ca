import { connectTo } from "../redis/nodes.js";
import { FaultProxy } from "../support/fault-proxy.js";
import type { StreamReader } from "../support/open-stream.js";
import { describeWithRedis, RedisServer } from "../support/redis.js";
import { ReturningReader } from "../support/returning-reader.js";
import type { Shop } from "../support/shop.js";
import { Cluster, post } from "./cluster.js";

const ALICE = { login: "alice", profile: "Administrator" };

/** What ends a life of the log. */
const BREAKS: Record<string, (redis: RedisServer, name: string) => Promise<unknown>> = {
  FLUSHALL: async ({ url }) => (await connectTo(url))("FLUSHALL"),
  "a DEL of all its keys": async ({ url }, name) => {
    const command = await connectTo(url);
    const keys = (await command("KEYS", `{${name}}:*`)) as string[];
    await command("DEL", ...keys);
  },
  "a DEL of what describes it": async ({ url }, name) =>
    (await connectTo(url))("DEL", `{${name}}:meta`),
  "a restart without persistence": async (redis) => {
    await redis.kill();
    await redis.run();
  },
};

/** On each node a page of somebody without a session, and one of Alice's. */
async function openPages(nodes: readonly Shop[], cookie: string) {
  const open = (more: { cookie?: string }) =>
    Promise.all(nodes.map(({ url }) => ReturningReader.open(url, "/events", more)));
  return { anonymous: await open({}), signedIn: await open({ cookie }) };
}

function told(stream: StreamReader | undefined, name: string): unknown {
  const found = stream?.all.find(({ event }) => event === name);
  return found === undefined ? undefined : JSON.parse(found.data);
}

async function hasAll(readers: readonly ReturningReader[], data: string): Promise<void> {
  await Promise.all(readers.map((reader) => reader.has("message", data)));
}

/** Broadcasts until all have what came last; gives the last. */
async function broadcastLater(nodes: readonly Shop[], pages: readonly ReturningReader[]) {
  for (const [n, { hub }] of nodes.entries()) await hub.broadcast("message", `later ${n}`);
  await hasAll(pages, `later ${nodes.length - 1}`);
}

describeWithRedis("browsers on three nodes", () => {
  it.each(Object.keys(BREAKS))(
    "are told of %s, those with a session before anything else, and everything flows [redis-1] [replay-5]",
    async (name) => {
      const redis = await RedisServer.start();
      const [cluster, ...nodes] = await Cluster.open({
        url: redis.url,
        log: { deadlineMs: 15_000 },
      });
      const { anonymous, signedIn } = await openPages(nodes, await nodes[0].signIn(ALICE));
      await nodes[0].hub.broadcast("message", "before");
      await hasAll([...anonymous, ...signedIn], "before");

      await BREAKS[name]?.(redis, cluster.name);
      await nodes[1].hub.broadcast("message", "newer");
      await Promise.all(signedIn.map((reader) => reader.isOpen(2)));
      await broadcastLater(nodes, [...anonymous, ...signedIn]);

      const { epoch } = nodes[0].hub.health();
      const later = ["later 0", "later 1", "later 2"];
      for (const { streams, events } of anonymous) {
        const [stream] = streams;
        expect([streams.length, told(stream, "hub:gap")]).toEqual([1, { reason: "epoch" }]);
        const gap = stream?.all.findIndex(({ event }) => event === "hub:gap") ?? -1;
        expect(stream?.all[gap]?.id).toMatch(new RegExp(`^${epoch}\\.\\d+$`));
        expect(stream?.all.slice(1, gap).map(({ data }) => data)).toEqual(["before"]);
        expect(events.map(({ data }) => data).filter((data) => data !== "newer")).toEqual([
          "before",
          ...later,
        ]);
      }
      for (const reader of signedIn) {
        const [first, second] = reader.streams;
        expect([first?.endReason, first?.pending.map(({ data }) => data)]).toEqual([
          "refresh",
          ["before"],
        ]);
        expect(told(second, "hub:open")).toMatchObject({ recovered: false, reason: "epoch" });
        expect(second?.pending.map(({ data }) => data).filter((data) => data !== "newer")).toEqual(
          later,
        );
        expect(reader.streams).toHaveLength(2);
      }
    },
    60_000,
  );
});

describeWithRedis("browsers on a node that fell behind what the log holds", (urlOf) => {
  it("are told so, and who logged out meanwhile elsewhere gets nothing more under the old user [replay-1] [replay-3]", async () => {
    const proxy = await FaultProxy.start(urlOf().replace("redis", "http"));
    const cluster = new Cluster({ url: urlOf(), log: { maxEvents: 100 } });
    const [near, far] = [
      await cluster.start(),
      await cluster.start(proxy.url.replace("http", "redis")),
    ];
    const [cookie, other] = [await near.signIn(ALICE), await near.signIn({ login: "bob" })];
    const alice = await ReturningReader.open(far.url, "/events", { cookie });
    const bob = await ReturningReader.open(far.url, "/events", { cookie: other });
    const anonymous = await ReturningReader.open(far.url, "/events");
    proxy.unplug();
    await near.hub.broadcast("message", "missed");
    await post(near, "/logout", cookie);
    const texts = Array.from({ length: 500 }, (_, n) => String(n));
    await Promise.all(
      texts.map((text) => near.hub.broadcast("secret", text, { profile: "Administrator" })),
    );
    await Promise.all(texts.map((text) => near.hub.broadcast("message", text)));
    proxy.plugIn();
    await Promise.all([alice.isOpen(2), bob.isOpen(2)]);
    await near.hub.broadcast("message", "after");
    await hasAll([alice, bob, anonymous], "after");

    for (const reader of [alice, bob]) {
      expect(reader.streams.map(({ endReason }) => endReason)).toEqual(["refresh", undefined]);
      expect(told(reader.streams[1], "hub:open")).toMatchObject({
        recovered: false,
        reason: "trimmed",
      });
      expect(reader.events.map(({ data }) => data)).toEqual(["after"]);
    }
    expect(told(anonymous.streams[0], "hub:gap")).toEqual({ reason: "trimmed" });
    expect(anonymous.events.map(({ data }) => data)).toEqual(["after"]);
  });
});

describeWithRedis("a browser whose stream waits for the log", (urlOf) => {
  it("gets nothing under the user who has logged out elsewhere when the log has lost that [replay-3]", async () => {
    const proxy = await FaultProxy.start(urlOf().replace("redis", "http"));
    const cluster = new Cluster({ url: urlOf(), log: { maxEvents: 100 } });
    const [near, far] = [
      await cluster.start(),
      await cluster.start(proxy.url.replace("http", "redis")),
    ];
    const cookie = await near.signIn(ALICE);
    const anonymous = await ReturningReader.open(far.url, "/events");
    proxy.unplug();
    // What this browser has seen, the far node has not read.
    const lastEventId = await near.hub.broadcast("message", "missed");
    const alice = await far.attempt("/events", { cookie, lastEventId });
    await post(near, "/logout", cookie);
    const texts = Array.from({ length: 500 }, (_, n) => String(n));
    await Promise.all(texts.map((text) => near.hub.broadcast("message", text)));
    proxy.plugIn();
    await far.hub.count();
    await near.hub.broadcast("secret", "after", { profile: "Administrator" });
    await near.hub.broadcast("message", "last");
    await anonymous.has("message", "last");

    expect([await alice.closed, alice.pending]).toEqual(["refresh", []]);
  });

  it("gets nothing under that user on a node that had not reached the log yet", async () => {
    const proxy = await FaultProxy.start(urlOf().replace("redis", "http"));
    const cluster = new Cluster({ url: urlOf() });
    const near = await cluster.start();
    const cookie = await near.signIn(ALICE);
    proxy.unplug();
    const far = await cluster.startSoon(proxy.url.replace("http", "redis"));
    const [alice, still] = [
      await far.attempt("/events", { cookie }),
      await far.attempt("/events", { cookie: await near.signIn({ login: "bob" }) }),
    ];
    await post(near, "/logout", cookie);
    proxy.plugIn();
    expect(await still.opened()).toMatchObject({ recovered: null });
    await near.hub.broadcast("message", "after");
    await still.received("after");

    expect([await alice.closed, alice.pending]).toEqual(["user", []]);
  });
});

describeWithRedis("browsers of an application whose stream in Redis was deleted", (urlOf) => {
  it("go on where they missed nothing, and are told so where they did", async () => {
    const proxy = await FaultProxy.start(urlOf().replace("redis", "http"));
    const cluster = new Cluster({ url: urlOf() });
    const near = await cluster.start();
    const far = await cluster.start(proxy.url.replace("http", "redis"));
    const pages = await openPages([near, far], await near.signIn(ALICE));
    const [here, there] = pages.anonymous as [ReturningReader, ReturningReader];
    const [aliceHere, aliceThere] = pages.signedIn as [ReturningReader, ReturningReader];
    proxy.unplug();
    const before = await near.hub.broadcast("message", "unread there");
    await near.hub.broadcast("message", "unread as well");
    await hasAll([here, aliceHere], "unread as well");
    await (
      await connectTo(urlOf())
    )("DEL", `{${cluster.name}}:log`);
    proxy.plugIn();
    await aliceThere.isOpen(2);
    await far.hub.broadcast("message", "after");
    await hasAll([here, there, aliceHere, aliceThere], "after");

    for (const { streams, events } of [here, aliceHere]) {
      expect(streams).toHaveLength(1);
      expect(events.map(({ data }) => data)).toEqual(["unread there", "unread as well", "after"]);
    }
    expect(told(there.streams[0], "hub:gap")).toEqual({ reason: "trimmed" });
    expect(aliceThere.streams.map(({ endReason }) => endReason)).toEqual(["refresh", undefined]);
    for (const { events } of [there, aliceThere]) {
      expect(events.map(({ data }) => data)).toEqual(["after"]);
    }
    const back = await far.stream("/events", { lastEventId: before });
    expect(await back.opened()).toMatchObject({ recovered: false, reason: "trimmed" });
  });
});

describeWithRedis("a browser that returns to another node", (urlOf) => {
  it("gets all it missed, once, whatever node its cursor is from", async () => {
    const [, ...nodes] = await Cluster.open({ url: urlOf() });
    const cookie = await nodes[0].signIn(ALICE);
    let lastEventId: string | undefined;
    const data: string[] = [];
    for (let n = 0; n < 9; n += 1) {
      const node = nodes[n % 3] as Shop;
      const stream = await node.stream("/events", { cookie, lastEventId });
      expect(await stream.opened()).toMatchObject({ recovered: n === 0 ? null : true });
      await (nodes[(n + 1) % 3] as Shop).hub.broadcast("message", `${n} here`);
      await stream.received(`${n} here`);
      stream.close();
      data.push(...stream.pending.map((event) => event.data));
      ({ lastEventId } = stream);
      await (nodes[(n + 2) % 3] as Shop).hub.broadcast("message", `${n} away`);
    }

    const expected = Array.from({ length: 9 }, (_, n) => [`${n} here`, `${n} away`]).flat();
    expect(data).toEqual(expected.slice(0, -1));
  });

  it("is recovered by a node that has not read so far yet [replay-3]", async () => {
    const proxy = await FaultProxy.start(urlOf().replace("redis", "http"));
    const cluster = new Cluster({ url: urlOf() });
    const [ahead, late] = [
      await cluster.start(),
      await cluster.start(proxy.url.replace("http", "redis")),
    ];
    proxy.unplug();
    const { lastEventId } = await ahead.stream();
    const id = await ahead.hub.broadcast("message", "seen there");
    const stream = await late.attempt("/events", { lastEventId: id });
    await ahead.hub.broadcast("message", "missed");
    expect([id === lastEventId, stream.all]).toEqual([false, []]);
    proxy.plugIn();

    expect(await stream.opened()).toMatchObject({ recovered: true });
    expect(await stream.nextData()).toEqual(["missed"]);
  });
});
