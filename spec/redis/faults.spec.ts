import { draftOf } from "../support/log-witness.js";
import { describeWithRedis, RedisServer } from "../support/redis.js";
import { connectTo, startNode } from "./nodes.js";

const DURABLE = ["--appendonly", "yes", "--appendfsync", "always"];

describeWithRedis("redisLog, when Redis crashes", () => {
  it.each([
    ["with all it had on disk", DURABLE],
    ["with nothing", []],
  ])("begins a new life when it comes back %s, and goes on", async (_what, args) => {
    const redis = await RedisServer.start(args);
    const options = { url: redis.url, deadlineMs: 30_000 };
    const [one, two] = [await startNode(options), await startNode(options)];
    await one.log.append(draftOf("before"));
    await Promise.all([one.log.catchUp(), two.log.catchUp()]);
    const { epoch } = one.log;

    await redis.kill();
    await two.witness.until(() => two.log.health.status === "degraded");
    const during = one.log.append(draftOf("during"));
    await redis.run();
    const id = await during;
    await Promise.all([one.log.catchUp(), two.log.catchUp()]);

    expect(id).toBe(`${one.log.epoch}.1`);
    expect(one.log.epoch).not.toBe(epoch);
    expect(two.log.epoch).toBe(one.log.epoch);
    for (const { log, witness } of [one, two]) {
      expect(witness.record).toEqual(["before", "break", "during"]);
      expect(log.health).toMatchObject({ status: "ok", lagMs: 0 });
      expect(witness.errors.map(({ code }) => code)).toEqual(["ERR_SSE_LOG"]);
    }
  });

  it("keeps what is retained, where Redis has kept it", async () => {
    const redis = await RedisServer.start(DURABLE);
    const { log, witness } = await startNode({ url: redis.url });
    await log.append(draftOf("a", { retainKey: "a" }));
    await log.append(draftOf("b", { retainKey: "b" }));
    await redis.kill();
    await redis.run();
    await witness.until(() => witness.record.includes("break"));
    await log.append(draftOf("c", { retainKey: "a" }));
    await log.catchUp();

    expect([...log.retained].map(({ position }) => position)).toEqual([0, 1]);
    const other = await startNode({ url: redis.url });
    expect([...other.log.retained].map(({ bytes }) => bytes.toString())).toEqual([
      expect.stringMatching(/data: b\n\n$/),
      expect.stringMatching(/data: c\n\n$/),
    ]);
  });
});

describeWithRedis("redisLog, when Redis hangs", () => {
  it("says so, waits, and neither loses nor doubles what was sent meanwhile [redis-2]", async () => {
    const redis = await RedisServer.start();
    const [one, two] = [
      await startNode({ url: redis.url, deadlineMs: 30_000 }),
      await startNode({ url: redis.url }),
    ];
    await one.log.append(draftOf("before"));
    redis.stop();
    const during = ["a", "b", "c"].map(async (text) => one.log.append(draftOf(text)));
    await one.witness.until(() => one.log.health.status === "degraded");
    await two.witness.until(() => two.log.health.status === "degraded");
    expect(two.log.health.lagMs).toBeGreaterThan(1_000);
    redis.goOn();
    await Promise.all(during);
    await Promise.all([one.log.catchUp(), two.log.catchUp()]);

    for (const { witness } of [one, two]) {
      expect(witness.record).toEqual(["before", "a", "b", "c"]);
    }
    expect(two.log.health.status).toBe("ok");
  });
});

describeWithRedis("redisLog, when somebody deletes", (urlOf) => {
  it.each([["all there is"], ["what describes the log"]])(
    "begins a new life after %s has gone",
    async (what) => {
      const name = what.replaceAll(" ", "-");
      const command = await connectTo(urlOf());
      const [one, two] = [
        await startNode({ url: urlOf(), name }),
        await startNode({ url: urlOf(), name }),
      ];
      const before = await one.log.append(draftOf("before"));
      await Promise.all([one.log.catchUp(), two.log.catchUp()]);
      if (what === "all there is") await command("FLUSHALL");
      else await command("DEL", `{${name}}:meta`);

      const after = await one.log.append(draftOf("after"));
      await Promise.all([one.log.catchUp(), two.log.catchUp()]);
      for (const { log, witness } of [one, two]) {
        expect([log.epoch, log.head]).toEqual([after.split(".")[0], 1]);
        expect(witness.record).toEqual(["before", "break", "after"]);
      }
      expect(after.split(".")[0]).not.toBe(before.split(".")[0]);
      await two.log.append(draftOf("later"));
      await one.witness.until(() => one.witness.events.includes("later"));
    },
  );

  it("goes on behind a stream that has gone, and says what is lost", async () => {
    const url = urlOf();
    const [command, one] = [await connectTo(url), await startNode({ url, name: "stream" })];
    await one.log.append(draftOf("a"));
    await one.log.catchUp();
    await command("DEL", "{stream}:log");
    const other = await startNode({ url, name: "stream" });
    expect([other.log.head, other.log.trimmed]).toEqual([1, 1]);
    expect(await other.log.read(0, 1_000)).toEqual({ entries: [], isTrimmed: true });

    expect(await other.log.append(draftOf("b"))).toBe(`${one.log.epoch}.2`);
    await one.log.catchUp();
    expect(one.witness.record).toEqual(["a", "b"]);
  });

  it("tells of a break when entries go before they were read", async () => {
    const url = urlOf();
    const [command, one] = [await connectTo(url), await startNode({ url, name: "hole" })];
    await one.log.append(draftOf("a"));
    await one.log.catchUp();
    // In one go, so that nobody reads between.
    await command(
      "EVAL",
      "redis.call('DEL', KEYS[1]); redis.call('HINCRBY', KEYS[2], 'head', 3); " +
        "return redis.call('HINCRBY', KEYS[2], 'event', 3)",
      "2",
      "{hole}:log",
      "{hole}:meta",
    );
    await one.witness.until(() => one.witness.record.includes("break"));
    expect(one.log.head).toBe(4);
    await one.log.append(draftOf("b"));
    await one.log.catchUp();
    expect(one.witness.record).toEqual(["a", "break", "b"]);
    expect(await one.log.read(1, 1_000)).toEqual({ entries: [], isTrimmed: true });
  });

  it("tells of a break when a stopped reader was overtaken by XTRIM", async () => {
    const url = urlOf();
    const [command, one] = [await connectTo(url), await startNode({ url, name: "trim" })];
    await one.log.append(draftOf("a"));
    await one.log.catchUp();
    await command(
      "EVAL",
      "for n = 2, 9 do redis.call('XADD', KEYS[1], n .. '-0', 'v', '1', 'e', ARGV[1], 'p', n - 1, 't', redis.call('TIME')[1] * 1000, " +
        "'n', 'x', 's', n, 'k', 'event', 'h', ARGV[2], 'd', 'data: ' .. n .. '\\n\\n') end; " +
        "redis.call('HSET', KEYS[2], 'head', 9, 'event', 9); return redis.call('XTRIM', KEYS[1], 'MINID', 6)",
      "2",
      "{trim}:log",
      "{trim}:meta",
      one.log.epoch,
      JSON.stringify({
        rooms: null,
        filter: null,
        except: null,
        retainKey: null,
        isVolatile: false,
      }),
    );
    await one.witness.until(() => one.witness.record.includes("break"));
    expect([one.log.head, one.log.trimmed]).toEqual([9, 5]);
    const page = await one.log.read(5, 1_000);
    expect(page.entries.map(({ position }) => position)).toEqual([6, 7, 8, 9]);
    expect(await one.log.read(4, 1_000)).toEqual({ entries: [], isTrimmed: true });
  });
});
