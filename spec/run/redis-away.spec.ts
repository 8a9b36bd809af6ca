import supertest from "supertest";
import type { SseHubError } from "express-sse-hub";
import { redisLog } from "express-sse-hub/redis";
import { describeWithRedis, RedisServer } from "../support/redis.js";
import { Shop } from "../support/shop.js";
import { until } from "../support/until.js";
import { answerRoutes, FOR_ALICE, Script } from "./answers.js";

describeWithRedis("runs while Redis is away", () => {
  it("are asked for again by the pages, and the application is told why", async () => {
    const redis = await RedisServer.start();
    const shop = await Shop.open({
      hub: { retryMs: 10, log: redisLog({ url: redis.url, deadlineMs: 1_000 }) },
      routes: (app, hub) => {
        answerRoutes(app, hub, (id) => hub.run(id, new Script().source, FOR_ALICE));
      },
    });
    const errors: SseHubError[] = [];
    shop.hub.on("error", (error) => errors.push(error));
    const alice = await shop.signIn({ name: "alice" });
    await until(() => shop.hub.health().status === "ok", "Redis is there");
    await supertest(shop.url).get("/answers/a").set("Cookie", alice).expect(404);
    await redis.kill();
    errors.length = 0;
    // Any other status ends an EventSource for good.
    const { status, text } = await supertest(shop.url).get("/answers/a").set("Cookie", alice);
    expect([status, text]).toEqual([200, "retry: 10\n:\n"]);
    expect(errors.map(({ code }) => code)).toContain("ERR_SSE_LOG");
    expect(shop.hub.stats().refused).toEqual({ error: 1 });
    const failure = expect.objectContaining({ code: "ERR_SSE_LOG" }) as SseHubError;
    await expect(shop.hub.cancel("a")).rejects.toEqual(failure);
    await expect(shop.hub.runs()).rejects.toEqual(failure);
    await expect(shop.hub.run("b", () => [], FOR_ALICE).done).rejects.toEqual(failure);
  });

  it("are never begun when they are cancelled before Redis is back", async () => {
    const redis = await RedisServer.start();
    const shop = await Shop.open({
      hub: { log: redisLog({ url: redis.url, deadlineMs: 30_000 }) },
    });
    shop.hub.on("error", () => undefined);
    await shop.hub.run("first", () => [], FOR_ALICE).done;
    await redis.kill();
    const calls: string[] = [];
    const run = shop.hub.run("a", () => [calls.push("called")], { ...FOR_ALICE, leaseMs: 30 });
    const cancelled = shop.hub.cancel("a");
    await redis.run();
    expect(await cancelled).toBe(true);
    expect(await run.done).toEqual({ reason: "cancelled", events: 0 });
    expect(run.signal.aborted).toBe(true);
    expect(await shop.hub.runs({ id: "a" })).toMatchObject([{ state: "cancelled", events: 0 }]);
    expect(calls).toEqual([]);
  });
});
