import { draftOf } from "../support/log-witness.js";
import { describeWithRedis, RedisServer } from "../support/redis.js";
import { connectTo, startNode, startNodeSoon } from "./nodes.js";

describeWithRedis("redisLog, while Redis is away", () => {
  it("is made all the same, and takes up its work when Redis comes", async () => {
    const redis = await RedisServer.start();
    await redis.kill();
    const { log, witness } = startNodeSoon({ url: redis.url, deadlineMs: 30_000 });
    const early = log.append(draftOf("early"));
    await witness.until(() => witness.errors.length > 0);
    expect([log.epoch, log.head, log.trimmed, log.size.entries]).toEqual(["", 0, 0, 0]);
    expect(log.health).toMatchObject({ status: "degraded" });
    await redis.run();
    const id = await early;
    await log.catchUp();

    expect(id).toBe(`${log.epoch}.1`);
    expect(log.health).toMatchObject({ status: "ok", lagMs: 0 });
    expect(witness.errors.map(({ code }) => code)).toEqual(["ERR_SSE_LOG"]);
  });

  it("rejects at the deadline what was not sent, and says so [redis-3]", async () => {
    const redis = await RedisServer.start();
    await redis.kill();
    const { log } = startNodeSoon({ url: redis.url, deadlineMs: 3_000 });
    await expect(log.append(draftOf("a"))).rejects.toMatchObject({
      code: "ERR_SSE_LOG",
      outcome: "not-sent",
      cause: expect.objectContaining({ message: expect.stringMatching(/closed|ECONN/) }),
    });
  });

  it("rejects at the deadline what had no answer, and says that nobody knows", async () => {
    const redis = await RedisServer.start();
    const { log, witness } = await startNode({ url: redis.url, deadlineMs: 3_000 });
    await log.append(draftOf("before"));
    redis.stop();
    const sent = log.append(draftOf("a"));
    await expect(sent).rejects.toMatchObject({ code: "ERR_SSE_LOG", outcome: "unknown" });
    redis.goOn();
    await log.append(draftOf("after"));
    await log.catchUp();
    // It had been sent, and the connection was not given up.
    expect(witness.record).toEqual(["before", "a", "after"]);
  });

  it("takes no more than it may hold", async () => {
    const redis = await RedisServer.start();
    const { log } = await startNode({ url: redis.url, deadlineMs: 1_000 });
    await redis.kill();
    const text = "x".repeat(8 * 1_048_576);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 9 }, async () => log.append(draftOf(text))),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(Array(9).fill("rejected"));
    expect((outcomes[8] as PromiseRejectedResult).reason).toMatchObject({
      code: "ERR_SSE_LOG",
      outcome: "not-sent",
      message: expect.stringContaining("send queue is full"),
    });
  });

  it("tells late what could not be told, before any later event", async () => {
    const redis = await RedisServer.start();
    const [one, two] = [
      await startNode({ url: redis.url, deadlineMs: 10_000 }),
      await startNode({ url: redis.url }),
    ];
    await redis.kill();
    const told = one.log.tell({ kind: "demoted" });
    const sent = one.log.append(draftOf("secret"));
    await expect(told).rejects.toMatchObject({ code: "ERR_SSE_CONTROL_UNSENT" });
    await redis.run();
    await sent;
    await two.log.catchUp();
    expect(two.witness.record).toEqual(["break", 'told {"kind":"demoted"}', "secret"]);
  });

  it("closes before it ever connected, and then takes nothing", async () => {
    const redis = await RedisServer.start();
    await redis.kill();
    const { log } = startNodeSoon({ url: redis.url });
    const waiting = [log.append(draftOf("a")), log.tell({}), log.ask({})];
    const caughtUp = log.catchUp();
    await Promise.all([log.close(), log.close()]);
    await caughtUp;
    for (const one of [...waiting, log.append(draftOf("b")), log.tell({}), log.ask({})]) {
      await expect(one).rejects.toMatchObject({ code: "ERR_SSE_CLOSED" });
    }
    await log.catchUp();
  });

  it("leaves nothing behind when it is closed", async () => {
    const redis = await RedisServer.start();
    const command = await connectTo(redis.url);
    const clients = async () =>
      String(await command("CLIENT", "LIST"))
        .trim()
        .split("\n").length;
    const { log } = await startNode({ url: redis.url });
    const sent = log.append(draftOf("a"));
    expect(await clients()).toBe(3);
    await log.close();
    expect(await sent).toBe(`${log.epoch}.1`);
    expect(await command("ZCARD", "{sse}:nodes")).toBe(0);
    while ((await clients()) > 1);
  });
});

describeWithRedis("redisLog, when connections break", () => {
  it("neither loses nor doubles, and keeps the order", async () => {
    const redis = await RedisServer.start();
    const command = await connectTo(redis.url);
    const [one, two] = [await startNode({ url: redis.url }), await startNode({ url: redis.url })];
    const texts = Array.from({ length: 600 }, (_, n) => String(n));
    const ids: string[] = [];
    for (let n = 0; n < texts.length; n += 60) {
      const sent = texts.slice(n, n + 60).map(async (text) => one.log.append(draftOf(text)));
      // At one of them, somewhere between its command and its answer.
      await sent[n % 50];
      await command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      ids.push(...(await Promise.all(sent)));
    }
    await Promise.all([one.log.catchUp(), two.log.catchUp()]);
    expect(one.witness.record).toEqual(texts);
    expect(two.witness.record).toEqual(texts);
    expect(ids).toEqual(texts.map((text) => `${one.log.epoch}.${Number(text) + 1}`));
  });

  it("goes on when Redis has forgotten the scripts", async () => {
    const redis = await RedisServer.start();
    const [command, one] = [await connectTo(redis.url), await startNode({ url: redis.url })];
    const texts = Array.from({ length: 300 }, (_, n) => String(n));
    const sent: Array<Promise<string>> = [];
    for (const text of texts) {
      sent.push(Promise.resolve(one.log.append(draftOf(text))));
      if (Number(text) % 50 === 49) await command("SCRIPT", "FLUSH");
    }
    await Promise.all(sent);
    await one.log.catchUp();
    expect(one.witness.record).toEqual(texts);
    expect(one.witness.errors).toEqual([]);
  });
});
