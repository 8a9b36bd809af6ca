import { FaultProxy } from "../support/fault-proxy.js";
import { draftOf } from "../support/log-witness.js";
import { sample } from "../support/guides.js";
import { describeWithRedis, RedisServer } from "../support/redis.js";
import { connectTo, startNode } from "./nodes.js";

// Redis waits some seconds for more replicas before it feeds the first.
const AT_ONCE = ["--repl-diskless-sync-delay", "0"];

const ACL = `~{sse}:* -@all ${sample("rights in Redis").trim()}`;

/** A user who may do what the guide lists. */
async function addUser(command: (...args: string[]) => Promise<unknown>, more: string[] = []) {
  await command("ACL", "SETUSER", "app", "on", ">secret", "resetkeys", ...ACL.split(" "), ...more);
}

describeWithRedis(
  "redisLog, when another Redis takes over that has not got the end of the log",
  () => {
    it.each([
      ["and its user may ask which server it is", ["+info"], []],
      ["and its user may not ask", [], []],
      ["and others have written over it already", [], ["x", "y", "z"]],
    ])("begins a new life, %s [redis-1]", async (_what, more, others) => {
      const [first, second] = [await RedisServer.start(AT_ONCE), await RedisServer.start()];
      const proxy = await FaultProxy.start(first.url.replace("redis", "http"));
      const [toFirst, toSecond] = [await connectTo(first.url), await connectTo(second.url)];
      for (const command of [toFirst, toSecond]) await addUser(command, more);
      await toSecond("REPLICAOF", "127.0.0.1", String(first.port));
      const at = (url: string) => `redis://app:secret@${new URL(url).host}`;
      const { log, witness } = await startNode({ url: at(proxy.url) });
      await log.append(draftOf("kept"));
      while (!String(await toSecond("INFO", "replication")).includes("master_link_status:up"));
      // WAIT waits for what its own connection has written.
      await toFirst("SET", "written", "last");
      expect(await toFirst("WAIT", "1", "5000")).toBe(1);
      await toSecond("REPLICAOF", "NO", "ONE");
      await log.append(draftOf("lost"));
      await log.catchUp();
      const { epoch } = log;
      if (others.length > 0) {
        const other = await startNode({ url: at(second.url) });
        for (const text of others) await other.log.append(draftOf(text));
        await other.log.close();
      }
      proxy.target = second.url.replace("redis", "http");
      await first.kill();
      await witness.until(() => witness.record.includes("break"));

      expect(log.epoch).not.toBe(epoch);
      const id = await log.append(draftOf("after"));
      await log.catchUp();
      expect(id).toBe(`${log.epoch}.1`);
      expect(witness.record).toEqual(["kept", "lost", "break", "after"]);
    });
  },
);

describeWithRedis("redisLog, for a user who may do little", () => {
  it("does all it does with the commands in its documentation", async () => {
    const redis = await RedisServer.start();
    const command = await connectTo(redis.url);
    await addUser(command, ["+info"]);
    const url = redis.url.replace("//", "//app:secret@");
    const [one, two] = [
      await startNode({ url, maxEvents: 500 }),
      await startNode({ url, maxEvents: 500 }),
    ];
    for (let n = 0; n < 1_010; n += 101) {
      // Entries that are kept push out those of the oldest keys.
      const texts = Array.from({ length: 101 }, (_, at) => String(n + at));
      await Promise.all(
        texts.map(async (text) => one.log.append(draftOf(text, { retainKey: text }))),
      );
      await two.log.catchUp();
    }
    await one.log.tell({ a: 1 });
    await two.log.catchUp();
    expect([...two.log.retained]).toHaveLength(1_000);
    expect(two.witness.record.at(-1)).toBe('told {"a":1}');
    expect(await one.log.ask({ a: 1 })).toEqual([{ a: 1 }, { a: 1 }]);
    const late = await startNode({ url, maxEvents: 500 });
    expect([...late.log.retained]).toHaveLength(1_000);
    expect((await late.log.read(1_005, 1_000)).entries).toHaveLength(5);
    await late.log.close();

    expect([...one.witness.errors, ...two.witness.errors]).toEqual([]);
    expect(await command("ACL", "LOG")).toEqual([]);
  });
});

describeWithRedis("redisLog, when Redis throws its keys out for want of memory", () => {
  it("goes on in a new life, and tells of the break", async () => {
    const memory = ["--maxmemory", "8mb", "--maxmemory-policy", "allkeys-lru"];
    const redis = await RedisServer.start(memory);
    const command = await connectTo(redis.url);
    const [one, two] = [await startNode({ url: redis.url }), await startNode({ url: redis.url })];
    await one.log.append(draftOf("before", { retainKey: "a" }));
    await Promise.all([one.log.catchUp(), two.log.catchUp()]);
    const { epoch } = one.log;
    const large = "x".repeat(200_000);
    let n = 0;
    while (one.log.epoch === epoch) await command("SET", `other:${(n += 1)}`, large);
    await command("CONFIG", "SET", "maxmemory", "0");

    const id = await one.log.append(draftOf("after"));
    await Promise.all([one.log.catchUp(), two.log.catchUp()]);
    expect(id.startsWith(`${one.log.epoch}.`)).toBe(true);
    for (const { log, witness } of [one, two]) {
      expect(log.epoch).toBe(one.log.epoch);
      expect(witness.record.slice(0, 2)).toEqual(["before", "break"]);
    }
    await two.log.append(draftOf("later"));
    await one.witness.until(() => one.witness.events.includes("later"));
  });
});
