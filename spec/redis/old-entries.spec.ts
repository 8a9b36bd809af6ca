import { draftOf, textOf } from "../support/log-witness.js";
import { Random } from "../model/random.js";
import { describeWithRedis, RedisServer } from "../support/redis.js";
import { connectTo, startNode } from "./nodes.js";

describeWithRedis("redisLog, for readers that return to a node which has just started", (urlOf) => {
  it("reads the log once for 10 000 of them", async () => {
    const redis = await RedisServer.start();
    const [command, one] = [await connectTo(redis.url), await startNode({ url: redis.url })];
    const count = 5_000;
    for (let n = 0; n < count; n += 1_000) {
      await Promise.all(
        Array.from({ length: 1_000 }, async (_, at) => one.log.append(draftOf(String(n + at + 1)))),
      );
    }
    const late = await startNode({ url: redis.url });
    const random = new Random(1);
    const cursors = Array.from({ length: 10_000 }, () => random.below(count));
    await command("CONFIG", "RESETSTAT");
    const pages = await Promise.all(cursors.map(async (after) => late.log.read(after, 60)));

    expect(
      pages.map(({ entries }) => Number(textOf(entries[0]?.bytes ?? Buffer.alloc(0)))),
    ).toEqual(cursors.map((after) => after + 1));
    const stats = String(await command("INFO", "commandstats"));
    const reads = [...stats.matchAll(/cmdstat_x(?:rev)?range:calls=(\d+)/g)];
    // Of 512 entries each, after a smaller one to see how large they are.
    const calls = reads.reduce((sum, [, calls]) => sum + Number(calls), 0);
    expect(calls).toBeLessThanOrEqual(Math.ceil(count / 512) + 1);
    expect(calls).toBeGreaterThan(0);
  });

  it("says what has left the log, by number, by bytes and by age", async () => {
    const url = urlOf();
    const command = await connectTo(url);
    for (const [name, bounds] of [
      ["number", { maxEvents: 100 }],
      ["bytes", { maxBytes: 20_000 }],
    ] as const) {
      const one = await startNode({ url, name, ...bounds });
      await Promise.all(
        Array.from({ length: 1_000 }, async (_, n) =>
          one.log.append(draftOf(`${n} ${"x".repeat(100)}`)),
        ),
      );
      await one.log.catchUp();
      const late = await startNode({ url, name, ...bounds });
      expect(late.log.trimmed).toBeGreaterThan(700);
      expect(late.log.trimmed).toBeLessThan(950);
      expect(await late.log.read(late.log.trimmed - 1, 100)).toEqual({
        entries: [],
        isTrimmed: true,
      });
      const { entries } = await late.log.read(990, 100_000);
      expect(entries.map(({ position }) => position)).toEqual(
        Array.from({ length: 10 }, (_, n) => 991 + n),
      );
      expect(Number(await command("XLEN", `{${name}}:log`))).toBeLessThan(300);
      expect(Number(await command("LLEN", `{${name}}:marks`))).toBeLessThan(200);
    }
  });

  it.each(["was emptied", "has crashed"])(
    "does not call trimmed what is gone because Redis %s: the log begins anew",
    async (how) => {
      const redis = await RedisServer.start();
      const [command, one] = [await connectTo(redis.url), await startNode({ url: redis.url })];
      await Promise.all(["a", "b", "c"].map(async (text) => one.log.append(draftOf(text))));
      const { log, witness } = await startNode({ url: redis.url });
      const { epoch } = log;
      if (how === "was emptied") await command("FLUSHALL");
      else await redis.kill();

      const page = log.read(0, 1_000);
      if (how === "has crashed") await redis.run();
      await page;

      expect(witness.record).toEqual(["break"]);
      expect([log.head, log.epoch === epoch]).toEqual([0, false]);
    },
  );

  it("lets a quiet log empty itself", async () => {
    const [url, name] = [urlOf(), "quiet"];
    const [command, one] = [await connectTo(url), await startNode({ url, name, maxAgeMs: 1_000 })];
    await one.log.append(draftOf("a"));
    await one.log.catchUp();
    while (Number(await command("EXISTS", "{quiet}:log", "{quiet}:marks")) > 0);
    // What a node has read it keeps a moment longer: it came a moment later.
    while (one.log.trimmed === 0) await command("PING");
    expect([one.log.head, one.log.trimmed]).toEqual([1, 1]);
    const late = await startNode({ url, name, maxAgeMs: 1_000 });
    expect([late.log.head, late.log.trimmed]).toEqual([1, 1]);
    expect(await late.log.append(draftOf("b"))).toBe(`${one.log.epoch}.2`);
    await one.log.catchUp();
    expect(one.witness.record).toEqual(["a", "b"]);
  });
});
