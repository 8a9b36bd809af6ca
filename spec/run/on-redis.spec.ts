import { setTimeout as wait } from "node:timers/promises";
import { createClient } from "redis";
import supertest from "supertest";
import type { Hub, Run, RunInfo, RunOptions, RunSource, StoredRun } from "express-sse-hub";
import { publisher, redisLog } from "express-sse-hub/redis";
import { onTestEnd } from "../support/disposers.js";
import type { StreamReader } from "../support/open-stream.js";
import { describeWithRedis, RedisServer } from "../support/redis.js";
import { runSample, sampleFolder } from "../support/sample-server.js";
import { Shop, until } from "../support/shop.js";
import { answerRoutes, FOR_ALICE, Script, wordsOf } from "./answers.js";

interface Node {
  readonly shop: Shop;
  readonly runs: Run[];
  readonly alice: string;
  readonly bob: string;
}

let names = 0;

describeWithRedis("runs in Redis", (urlOf) => {
  /** Two nodes of one application, the first of which is asked for answers. */
  async function openNodes(
    source: RunSource,
    options: RunOptions = FOR_ALICE,
    url = urlOf(),
  ): Promise<[Node, Node]> {
    const name = `runs${(names += 1)}`;
    const open = async (): Promise<Node> => {
      const runs: Run[] = [];
      const shop = await Shop.open({
        hub: { retryMs: 10, log: redisLog({ url, name }) },
        routes: (app, hub) => {
          const begin = (id: string) => {
            const run = hub.run(id, source, options);
            runs.push(run);
            return run;
          };
          answerRoutes(app, hub, begin);
        },
      });
      shop.hub.on("error", () => undefined);
      const alice = await shop.signIn({ name: "alice" });
      return { shop, runs, alice, bob: await shop.signIn({ name: "bob" }) };
    };
    return [await open(), await open()];
  }

  const begin = ({ shop, alice }: Node, id = "a") =>
    shop.stream(`/answers/${id}`, { method: "POST", cookie: alice });
  const follow = ({ shop, alice }: Node, id = "a", lastEventId?: string) =>
    shop.stream(`/answers/${id}`, { cookie: alice, lastEventId });

  it("are followed on any node, from the first event to the end, with the same ids", async () => {
    const script = new Script();
    const [one, two] = await openNodes(script.source);
    const here = await begin(one);
    await whenBegun(script);
    script.say("one", "two");
    expect(await here.nextData(2)).toEqual(["one", "two"]);
    const there = await follow(two);
    expect(await there.nextData(2)).toEqual(["one", "two"]);
    script.say("three");
    expect(await there.nextData()).toEqual(["three"]);
    const back = await follow(two, "a", idsOf(here)[0]);
    expect(await back.nextData(2)).toEqual(["two", "three"]);
    script.say("four");
    script.finish();
    expect(await Promise.all([here, there, back].map(({ closed }) => closed))).toEqual(
      Array(3).fill("done"),
    );
    expect(idsOf(there)).toEqual(idsOf(here));
    expect(await one.runs[0]?.done).toEqual({ reason: "done", events: 4 });
    const late = await follow(two);
    expect(await late.closed).toBe("done");
    expect(wordsIn(late)).toEqual(["one", "two", "three", "four"]);
  });

  it("are nobody's business on another node either", async () => {
    const script = new Script();
    const [one, two] = await openNodes(script.source);
    await begin(one);
    await whenBegun(script);
    for (const [id, cookie] of [
      ["a", two.bob],
      ["a", ""],
      ["b", two.alice],
      ["x:y", two.alice],
    ] as const) {
      const { status } = await supertest(two.shop.url).get(`/answers/${id}`).set("Cookie", cookie);
      expect([id, status]).toEqual([id, 404]);
    }
    const stream = await follow(two);
    await supertest(two.shop.url).post("/logout").set("Cookie", two.alice).expect(204);
    expect(await stream.closed).toBe("user");
  });

  it("are cancelled from any node, by whom they are for", async () => {
    const script = new Script();
    const [one, two] = await openNodes(script.source);
    const here = await begin(one);
    await whenBegun(script);
    const there = await follow(two);
    const cancel = async (cookie: string) =>
      (await supertest(two.shop.url).delete("/answers/a").set("Cookie", cookie)).body as unknown;
    expect(await cancel(two.bob)).toBe(false);
    expect(await two.shop.hub.cancel("b")).toBe(false);
    expect(await cancel(two.alice)).toBe(true);
    expect([await here.closed, await there.closed]).toEqual(["cancelled", "cancelled"]);
    expect(script.tools?.signal.aborted).toBe(true);
    expect(await cancel(two.alice)).toBe(false);
  });

  it("have one producer for an id on all nodes", async () => {
    const script = new Script();
    const [one, two] = await openNodes(script.source);
    await begin(one);
    await whenBegun(script);
    let calls = 0;
    const second = two.shop.hub.run(
      "a",
      () => {
        calls += 1;
        return [];
      },
      FOR_ALICE,
    );
    await expect(second.done).rejects.toMatchObject({ code: "ERR_SSE_RUN_EXISTS" });
    expect([calls, second.signal.aborted, script.tools?.signal.aborted]).toEqual([0, true, false]);
    script.finish();
    await one.runs[0]?.done;
    const third = two.shop.hub.run("a", () => ["new"], FOR_ALICE);
    expect(await third.done).toEqual({ reason: "done", events: 1 });
    const stream = await follow(one);
    expect(await stream.closed).toBe("done");
    expect(wordsIn(stream)).toEqual(["new"]);
  });

  it("may be produced by a process that has no streams", async () => {
    const [one] = await openNodes(new Script().source);
    const worker = publisher({ url: urlOf(), name: `runs${names}` });
    onTestEnd(() => worker.close());
    const script = new Script();
    const run = worker.run("job", script.source, FOR_ALICE);
    await whenBegun(script);
    script.say("working");
    const stream = await follow(one, "job");
    expect(await stream.nextData()).toEqual(["working"]);
    expect(await one.shop.hub.cancel("job")).toBe(true);
    expect(await run.done).toEqual({ reason: "cancelled", events: 1 });
    expect(await stream.closed).toBe("cancelled");
    const other = one.shop.hub.run("b", new Script().source, FOR_ALICE);
    while ((await one.shop.hub.runs({ id: "b" })).length === 0) await wait(5);
    expect(await worker.cancel("b")).toBe(true);
    expect(await other.done).toMatchObject({ reason: "cancelled" });
  });

  it("are lost with their process, and the others say so within the lease", async () => {
    const [one] = await openNodes(new Script().source);
    const folder = await sampleFolder({
      "producer.mjs": `
        import { publisher } from "express-sse-hub/redis";
        const worker = publisher({ url: process.env.REDIS_URL, name: process.env.NAME });
        const options = { for: { name: "alice" }, event: "token", leaseMs: 1_000 };
        worker.run("job", async ({ send }) => {
          send("token", "last words");
          console.log("begun");
          await new Promise(() => setInterval(() => undefined, 1_000));
        }, options);
      `,
    });
    const producer = await runSample(folder, "producer.mjs", {
      REDIS_URL: urlOf(),
      NAME: `runs${names}`,
    });
    const stream = await follow(one, "job");
    expect(await stream.nextData()).toEqual(["last words"]);
    await producer.kill();
    expect(await stream.closed).toBe("lost");
    expect(await one.shop.hub.runs()).toMatchObject([{ id: "job", state: "lost", events: 1 }]);
    const late = await follow(one, "job");
    expect(await late.closed).toBe("lost");
    expect(wordsIn(late)).toEqual(["last words"]);
    // Whoever has its id next finds it free.
    expect(await one.shop.hub.run("job", () => [], FOR_ALICE).done).toMatchObject({
      reason: "done",
    });
  });

  it("are lost for a producer that slept, which can add nothing then", async () => {
    const script = new Script();
    const [one, two] = await openNodes(script.source, { ...FOR_ALICE, leaseMs: 500 });
    const here = await begin(one);
    await whenBegun(script);
    script.say("one");
    await here.nextData();
    const there = await follow(two);
    await there.nextData();
    const client = await connect(urlOf());
    const log = redisLog({ url: urlOf(), name: `runs${names}` });
    onTestEnd(() => log.close());
    const run = (await log.runs?.find("a")) as StoredRun;
    expect(await log.runs?.lose(run, "expired")).toBe("in");
    // As if its lease had not been renewed in time.
    while ((await log.runs?.lose(run, "expired")) !== "lost") {
      await client.hSet(`{runs${names}}:run:a`, "lease", "1");
    }
    expect(await there.closed).toBe("lost");
    script.say("late");
    expect(await one.runs[0]?.done).toEqual({ reason: "lost", events: 1 });
    expect(await here.closed).toBe("lost");
    expect(script.tools?.signal.aborted).toBe(true);
    const late = await follow(two);
    expect(await late.closed).toBe("lost");
    expect(wordsIn(late)).toEqual(["one"]);
  });

  it.each(["flush", "restart"])(
    "are whole for everybody after Redis has lost all it had (%s)",
    async (what) => {
      const redis = await RedisServer.start();
      const script = new Script();
      const [one, two] = await openNodes(
        script.source,
        { ...FOR_ALICE, leaseMs: 3_000 },
        redis.url,
      );
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
      const late = await follow(two);
      expect(await late.closed).toBe("done");
      expect(wordsIn(late)).toEqual(words);
    },
  );

  it("leave nothing behind in Redis", async () => {
    const [one, two] = await openNodes(() => wordsOf(5), { ...FOR_ALICE, keepMs: 400 });
    await begin(one);
    await one.runs[0]?.done;
    expect(await two.shop.hub.runs()).toHaveLength(1);
    const client = await connect(urlOf());
    const left = () => client.keys(`{runs${names}}:run:*`);
    expect(await left()).toHaveLength(2);
    while ((await left()).length > 0) await wait(20);
    expect(await two.shop.hub.runs()).toEqual([]);
    const { status } = await supertest(two.shop.url).get("/answers/a").set("Cookie", two.alice);
    expect(status).toBe(404);
    await one.shop.hub.run("b", () => [], { for: "everybody", keepMs: 1 }).done;
    while ((await client.exists(`{runs${names}}:run:b`)) > 0) await wait(1);
    await one.shop.hub.run("c", () => [], { for: "everybody", keepMs: 1_000 }).done;
    expect(await client.zRange(`{runs${names}}:runs`, 0, -1)).toEqual(["c"]);
  });

  it("are told of with the followers of all nodes", async () => {
    const script = new Script();
    const [one, two] = await openNodes(script.source);
    await begin(one);
    await whenBegun(script);
    await follow(two);
    await follow(two);
    script.say("one");
    let found: RunInfo[] = [];
    const whole = async (hub: Hub) => {
      found = await hub.runs({ state: "running" });
      return found[0]?.followers === 3 && found[0].events === 1;
    };
    for (const { shop } of [one, two]) while (!(await whole(shop.hub))) await wait(5);
    expect(found).toMatchObject([{ id: "a", for: { name: "alice" } }]);
    expect(two.shop.hub.stats().runs).toMatchObject({ followers: 2, running: 0 });
  });

  it("go on with other followers when a node closes, and end with their own node", async () => {
    const script = new Script();
    const [one, two] = await openNodes(script.source);
    const here = await begin(one);
    await whenBegun(script);
    const there = await follow(two);
    script.say("one");
    await there.nextData();
    await two.shop.hub.close();
    expect(await there.closed).toBe("shutdown");
    script.say("two");
    expect(await here.nextData(2)).toEqual(["one", "two"]);
    await one.shop.hub.close();
    expect(await one.runs[0]?.done).toEqual({ reason: "lost", events: 2 });
  });
});

async function whenBegun(script: Script): Promise<void> {
  await until(() => script.tools !== undefined, "the run has begun");
}

function idsOf(stream: StreamReader): Array<string | undefined> {
  return stream.all.filter(({ event }) => event === "token").map(({ id }) => id);
}

function wordsIn(stream: StreamReader): string[] {
  return stream.all.filter(({ event }) => event === "token").map(({ data }) => data);
}

async function connect(url: string) {
  const client = createClient({ url });
  client.on("error", () => undefined);
  await client.connect();
  onTestEnd(() => {
    if (client.isOpen) client.destroy();
  });
  return client;
}
