import { randomUUID } from "node:crypto";
import { createHub } from "express-sse-hub";
import { redisLog } from "express-sse-hub/redis";
import { visit } from "express-sse-hub/testing";
import { onTestEnd } from "../support/disposers.js";
import { describeWithRedis } from "../support/redis.js";
import { Shop, until, type ShopOptions } from "../support/shop.js";

/** A shop, and somebody with a stream there. */
async function open(options?: ShopOptions, path = "/events") {
  const shop = await Shop.open(options);
  const alice = await visit(shop.app);
  onTestEnd(() => alice.close());
  await alice.post("/login", { login: "alice" });
  return { hub: shop.hub, alice, stream: await alice.stream(path) };
}

describe("nothingArrives", () => {
  it("holds where everything was for others", async () => {
    const { hub, stream } = await open();
    await hub.broadcast("message", "for bob", { login: "bob" });
    await hub.to("kitchen").broadcast("message", "for the kitchen");
    await hub.broadcast("message", "for nobody", () => false);
    await expect(stream.nothingArrives(hub)).resolves.toBeUndefined();
  });

  it.each([
    ["a matcher", { login: "alice" }],
    ["a predicate", () => true],
  ])("fails on an event that is still on its way, meant by %s", async (_what, filter) => {
    const { hub, stream } = await open();
    const sent = hub.broadcast("message", "for alice", filter);
    const check = stream.nothingArrives(hub);
    const event = { event: "message", data: "for alice", id: await sent };
    await expect(check).rejects.toThrow(`Expected nothing, got ${JSON.stringify(event)}.`);
    expect(await stream.next()).toEqual(event);
    await expect(stream.nothingArrives(hub)).resolves.toBeUndefined();
  });

  it("waits for all that was sent before, however long that takes", async () => {
    const { hub, stream } = await open();
    const texts = Array.from({ length: 40 }, (_, n) => String(n).padEnd(100_000, "."));
    for (const text of texts) void hub.broadcast("message", text);
    await expect(stream.nothingArrives(hub)).rejects.toThrow("Expected nothing, got");
    // Had the marker overtaken one, it would have come later than this.
    expect(stream.pending.map(({ data }) => data)).toEqual(texts);
  });

  it("waits for a reader that is behind, whose events come from the log", async () => {
    const { hub, stream } = await open();
    stream.pause();
    const big = "x".repeat(1_000_000);
    for (let n = 0; n < 12; n += 1) await hub.broadcast("big", big);
    await until(() => hub.stats().behind === 1, "the reader is behind");
    await hub.broadcast("message", "last");
    const check = stream.nothingArrives(hub);
    stream.resume();
    await expect(check).rejects.toThrow("Expected nothing, got");
    expect(stream.pending.map(({ data }) => data.length)).toEqual([
      ...Array.from({ length: 12 }, () => big.length),
      "last".length,
    ]);
    while (stream.pending.length > 0) await stream.next();
    await expect(stream.nothingArrives(hub)).resolves.toBeUndefined();
  });

  it("leaves no trace: no event, no cursor, no room, nothing to be given on a return", async () => {
    const { hub, alice, stream } = await open();
    const other = await alice.stream("/events");
    const id = await hub.broadcast("message", "hello");
    await stream.next();

    await stream.nothingArrives(hub);
    const rooms = hub.connections().map((connection) => [...connection.rooms]);
    await other.next();
    await other.nothingArrives(hub);
    const again = await stream.return();
    await again.nothingArrives(hub);

    expect(rooms).toEqual([[], []]);
    expect([stream.lastEventId, again.lastEventId]).toEqual([id, id]);
    expect([...stream.all, ...other.all, ...again.all].map(({ event }) => event)).toEqual([
      "hub:open",
      "message",
      "hub:open",
      "message",
      "hub:open",
    ]);
    expect(other.raw.match(/event: marker/g)).toHaveLength(1);
  });

  it("holds for a stream of its own, which no broadcast reaches", async () => {
    const { hub, stream } = await open(
      {
        routes: (app) => {
          app.get("/own", (req) => void req.sse.open());
        },
      },
      "/own",
    );
    await hub.broadcast("message", "for the others");
    await expect(stream.nothingArrives(hub)).resolves.toBeUndefined();
    hub.connections()[0]?.send("token", "a");
    await expect(stream.nothingArrives(hub)).rejects.toThrow(
      'Expected nothing, got {"event":"token","data":"a"}.',
    );
  });

  it("fails on a stream that has ended, for nothing could have arrived", async () => {
    const { hub, alice, stream } = await open();
    await alice.post("/logout");
    await stream.ended;
    await expect(stream.nothingArrives(hub)).rejects.toThrow(
      `This hub has no connection ${stream.connectionId}: the stream has ended, or another node serves it.`,
    );
  });

  it("fails with a hub that does not serve the stream", async () => {
    const { stream } = await open();
    await expect(stream.nothingArrives(createHub())).rejects.toThrow(
      "Pass nothingArrives() the hub that serves the stream.",
    );
  });

  it("fails in time where the marker does not come", async () => {
    const { hub, stream } = await open();
    stream.pause();
    for (let n = 0; n < 12; n += 1) await hub.broadcast("big", "x".repeat(1_000_000));
    await until(() => hub.stats().behind === 1, "the reader is behind");
    await expect(stream.nothingArrives(hub, { timeoutMs: 1_000 })).rejects.toThrow(
      "No marker behind what was broadcast in 1000 ms.",
    );
  });

  it("waits for a time where there is no hub at hand", async () => {
    const { hub, stream } = await open();
    await expect(stream.nothingArrives({ forMs: 1 })).resolves.toBeUndefined();
    await hub.broadcast("message", "hello");
    await stream.until(() => stream.pending.length === 1, "hello");
    await expect(stream.nothingArrives({ forMs: 1 })).rejects.toThrow("Expected nothing, got");
  });
});

describeWithRedis("nothingArrives, with several nodes", (urlOf) => {
  it("sees what another node has sent, through the log", async () => {
    const name = randomUUID();
    const node = () => ({ hub: { log: redisLog({ url: urlOf(), name }) } });
    const far = await Shop.open(node());
    const { hub, stream } = await open(node());
    await expect(stream.nothingArrives(hub)).resolves.toBeUndefined();
    await far.hub.broadcast("message", "for bob", { login: "bob" });
    await expect(stream.nothingArrives(hub)).resolves.toBeUndefined();
    const id = await far.hub.broadcast("message", "for alice", { login: "alice" });
    await expect(stream.nothingArrives(hub)).rejects.toThrow(
      `Expected nothing, got {"event":"message","data":"for alice","id":"${id}"}.`,
    );
  });
});
