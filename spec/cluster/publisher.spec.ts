import { connectTo } from "../redis/nodes.js";
import type { SseHubError } from "express-sse-hub";
import { publisher, type PublisherOptions } from "express-sse-hub/redis";
import { onTestEnd } from "../support/disposers.js";
import { describeWithRedis, RedisServer } from "../support/redis.js";
import { until } from "../support/shop.js";
import { Cluster } from "./cluster.js";

const ALICE = { login: "alice", profile: "Administrator" };

function startPublisher(options: PublisherOptions) {
  const shop = publisher(options);
  onTestEnd(() => shop.close());
  const errors: SseHubError[] = [];
  shop.on("error", (error) => errors.push(error));
  return { shop, errors };
}

describeWithRedis("publisher()", (urlOf) => {
  it("reaches whom a hub reaches, on every node: all, users, rooms, all but one, newcomers", async () => {
    const [{ name }, ...nodes] = await Cluster.open({ url: urlOf() });
    const { shop, errors } = startPublisher({ url: urlOf(), name });
    const [first, second, third] = nodes;
    const cookie = await first.signIn(ALICE);
    const alice = await first.stream("/events", { cookie });
    const desk = await second.stream("/rooms/desk");
    const other = await third.stream("/rooms/desk");
    const { connection } = await other.opened();

    const id = await shop.broadcast("message", "for all");
    await shop.broadcast("message", { for: "administrators" }, { profile: "Administrator" });
    await shop.to("desk").broadcast("message", "for the desk");
    await shop.to("desk").except(connection).broadcast("message", "for one");
    await shop.volatile().broadcast("message", "for those who are here");
    await shop.retain("price").broadcast("price", 42);
    const late = await third.stream();

    expect(await alice.nextData(4)).toEqual([
      "for all",
      '{"for":"administrators"}',
      "for those who are here",
      "42",
    ]);
    const ofDesk = ["for all", "for the desk", "for one", "for those who are here", "42"];
    expect(await desk.nextData(5)).toEqual(ofDesk);
    expect(await other.nextData(4)).toEqual(ofDesk.filter((text) => text !== "for one"));
    expect(await late.nextData()).toEqual(["42"]);
    const back = await second.stream("/rooms/desk", { lastEventId: id });
    expect(await back.nextData(3)).toEqual(["for the desk", "for one", "42"]);
    expect(errors).toEqual([]);
  });

  it("refuses what a hub refuses, with the same errors at the call", async () => {
    const [{ name }, { hub }] = await Cluster.open({ url: urlOf() });
    const { shop } = startPublisher({ url: urlOf(), name, maxPayloadBytes: 1_048_576 });
    const calls: Array<(on: typeof shop | typeof hub) => unknown> = [
      (on) => on.broadcast("hub:open", "x"),
      (on) => on.broadcast("a\nb", "x"),
      (on) => on.broadcast("message", 1n as never),
      (on) => on.broadcast("message", "x".repeat(1_048_577)),
      (on) => on.broadcast("message", "x", undefined as never),
      (on) => on.broadcast("message", "x", () => true),
      (on) => on.broadcast("message", "x", { $where: "1" } as never),
      (on) => on.to("").broadcast("message", "x"),
      (on) => on.refresh({}),
      (on) => on.disconnect(undefined as never),
    ];
    const errorOf = (
      call: (on: typeof shop | typeof hub) => unknown,
      on: typeof shop | typeof hub,
    ) => {
      try {
        return call(on);
      } catch (error) {
        const { name: kind, code, message } = error as SseHubError;
        return { kind, code, message };
      }
    };

    const codes = calls.map((call) => {
      const refused = errorOf(call, shop);
      expect(refused).toEqual(errorOf(call, hub));
      return (refused as SseHubError).code;
    });
    expect(codes).toEqual([
      "ERR_SSE_FIELD",
      "ERR_SSE_FIELD",
      "ERR_SSE_DATA",
      "ERR_SSE_DATA",
      "ERR_SSE_FILTER",
      "ERR_SSE_FILTER",
      "ERR_SSE_FILTER",
      "ERR_SSE_ROOM",
      "ERR_SSE_FILTER",
      "ERR_SSE_FILTER",
    ]);
    expect(() => publisher({ url: urlOf(), maxPayloadByte: 1 } as never)).toThrow(
      expect.objectContaining({ code: "ERR_SSE_OPTION" }),
    );
  });

  it("sends what waits before it closes, and nothing afterwards", async () => {
    const [{ name }, node] = await Cluster.open({ url: urlOf() });
    const stream = await node.stream();
    const { shop, errors } = startPublisher({ url: urlOf(), name });
    // Connecting may take as long as close() waits.
    await shop.broadcast("message", "first");
    const texts = Array.from({ length: 100 }, (_, n) => String(n));
    const sent = texts.map((text) => shop.broadcast("message", text));
    await Promise.all([shop.close(), shop.close()]);
    await Promise.all(sent);
    expect(await stream.nextData(101)).toEqual(["first", ...texts]);
    await expect(shop.broadcast("message", "late")).rejects.toMatchObject({
      code: "ERR_SSE_CLOSED",
    });
    expect(errors.map(({ code }) => code)).toEqual(["ERR_SSE_CLOSED"]);
  });

  it("says of what Redis did not take whether it may still arrive [redis-3]", async () => {
    const redis = await RedisServer.start();
    const [{ name }, node] = await Cluster.open({ url: redis.url });
    const stream = await node.stream();
    const { shop, errors } = startPublisher({ url: redis.url, name, deadlineMs: 2_000 });
    await shop.broadcast("message", "before");
    redis.stop();
    await expect(shop.broadcast("message", "hung")).rejects.toMatchObject({
      code: "ERR_SSE_LOG",
      outcome: "unknown",
    });
    redis.goOn();
    await shop.broadcast("message", "after");
    expect(await stream.nextData(3)).toEqual(["before", "hung", "after"]);

    await redis.kill();
    // One of its two connections may know before the other.
    await expect(shop.broadcast("message", "either")).rejects.toMatchObject({
      code: "ERR_SSE_LOG",
    });
    await until(() => shop.health().status === "degraded", "it knows");
    await expect(shop.broadcast("message", "lost")).rejects.toMatchObject({
      code: "ERR_SSE_LOG",
      outcome: "not-sent",
    });
    expect(errors.map(({ code }) => code)).toEqual(Array(4).fill("ERR_SSE_LOG"));
  });

  it("keeps nothing of the log and leaves nothing in Redis but what it sent", async () => {
    const redis = await RedisServer.start();
    const command = await connectTo(redis.url);
    const { shop } = startPublisher({ url: redis.url });
    await Promise.all(Array.from({ length: 100 }, () => shop.broadcast("message", "x")));
    await shop.close();

    expect(await command("ZCARD", "{sse}:nodes")).toBe(0);
    expect(await command("XLEN", "{sse}:log")).toBe(100);
    const clients = async () =>
      String(await command("CLIENT", "LIST"))
        .trim()
        .split("\n").length;
    while ((await clients()) > 1);
  });
});
