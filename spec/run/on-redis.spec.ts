import { setTimeout as wait } from "node:timers/promises";
import { createClient } from "redis";
import supertest from "supertest";
import { onTestEnd } from "../support/disposers.js";
import { describeWithRedis, RedisServer } from "../support/redis.js";
import { until } from "../support/until.js";
import { begin, follow, openNodes, redisStore, whenBegun, wordsIn } from "./answer-nodes.js";
import { FOR_ALICE, Script, wordsOf } from "./answers.js";

describeWithRedis("runs in Redis alone", (urlOf) => {
  it.each(["flush", "restart"])(
    "are whole for everybody after Redis has lost all it had (%s)",
    async (what) => {
      const redis = await RedisServer.start();
      const script = new Script();
      const [one, two] = await openNodes(redisStore(redis.url), script.source, {
        ...FOR_ALICE,
        leaseMs: 30_000,
      });
      const here = await begin(one);
      await whenBegun(script);
      const there = await follow(two);
      const words = Array.from({ length: 300 }, (_, n) => `w${n}`);
      script.say(...words.slice(0, 100));
      await there.nextData(100);
      if (what === "flush") await (await connect(redis.url)).flushAll();
      else {
        await redis.kill();
        script.say(...words.slice(100, 200));
        await redis.run();
      }
      script.say(...words.slice(what === "flush" ? 100 : 200));
      script.finish();
      expect([await here.closed, await there.closed]).toEqual(["done", "done"]);
      expect([wordsIn(here), wordsIn(there)]).toEqual([words, words]);
      await until(() => two.shop.hub.health().status === "ok", "it can ask for the run");
      const late = await follow(two);
      expect(await late.closed).toBe("done");
      expect(wordsIn(late)).toEqual(words);
    },
  );

  it("leave nothing behind in Redis", async () => {
    const [one, two] = await openNodes(redisStore(urlOf()), () => wordsOf(5), {
      ...FOR_ALICE,
      keepMs: 4_000,
    });
    const { name } = one.options;
    await begin(one);
    await one.runs[0]?.done;
    expect(await two.shop.hub.runs()).toHaveLength(1);
    const client = await connect(urlOf());
    const left = () => client.keys(`{${name}}:run:*`);
    expect(await left()).toHaveLength(2);
    while ((await left()).length > 0) await wait(20);
    expect(await two.shop.hub.runs()).toEqual([]);
    const { status } = await supertest(two.shop.url).get("/answers/a").set("Cookie", two.alice);
    expect(status).toBe(404);
    await one.shop.hub.run("b", () => [], { for: "everybody", keepMs: 1 }).done;
    while ((await client.exists(`{${name}}:run:b`)) > 0) await wait(1);
    await one.shop.hub.run("c", () => [], { for: "everybody", keepMs: 1_000 }).done;
    expect(await client.zRange(`{${name}}:runs`, 0, -1)).toEqual(["c"]);
  });
});

async function connect(url: string) {
  const client = createClient({ url });
  client.on("error", () => undefined);
  await client.connect();
  onTestEnd(() => {
    if (client.isOpen) client.destroy();
  });
  return client;
}
