import { setTimeout as wait } from "node:timers/promises";
import supertest from "supertest";
import type { Hub, Notice, RunHeader, RunInfo, RunStore, StoredRun } from "express-sse-hub";
import { logWith } from "../support/log-with.js";
import { describeWithPostgres } from "../support/postgres.js";
import { describeWithRedis } from "../support/redis.js";
import { runSample, sampleFolder } from "../support/sample-server.js";
import { until } from "../support/until.js";
import {
  begin,
  follow,
  idsOf,
  openNodes,
  postgresStore,
  redisStore,
  whenBegun,
  wordsIn,
  type Node,
  type RunsStore,
} from "./answer-nodes.js";
import { FOR_ALICE, Script } from "./answers.js";

describeWithRedis("runs in Redis", (urlOf) => {
  describeRuns(() => redisStore(urlOf()));
});

describeWithPostgres("runs in PostgreSQL", (serverOf) => {
  describeRuns(() => postgresStore(serverOf()));
});

function describeRuns(storeOf: () => RunsStore): void {
  it("are followed on any node, from the first event to the end, with the same ids", async () => {
    const script = new Script();
    const [one, two] = await openNodes(storeOf(), script.source);
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
    const [one, two] = await openNodes(storeOf(), script.source);
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
    const [one, two] = await openNodes(storeOf(), script.source);
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

  it("are cancelled although the first message about it is lost", async () => {
    const store = storeOf();
    let told = 0;
    const createLog: typeof store.createLog = (options) => {
      const log = store.createLog(options);
      const isLost = ({ kind }: Notice) => kind === "cancel" && (told += 1) === 1;
      return logWith(log, {
        tell: (notice) => (isLost(notice) ? Promise.resolve() : log.tell(notice)),
      });
    };
    const script = new Script();
    const [one, two] = await openNodes({ ...store, createLog }, script.source);
    const stream = await begin(one);
    await whenBegun(script);

    expect(await two.shop.hub.cancel("a")).toBe(true);
    expect(await one.runs[0]?.done).toEqual({ reason: "cancelled", events: 0 });
    expect(await stream.closed).toBe("cancelled");
    expect(told).toBeGreaterThan(1);
  });

  it("have one producer for an id on all nodes", async () => {
    const script = new Script();
    const [one, two] = await openNodes(storeOf(), script.source);
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

  it("are followed by a page whose handler began a second run with the id, which the log refuses", async () => {
    const script = new Script();
    const [one, two] = await openNodes(storeOf(), script.source);
    await begin(one);
    await whenBegun(script);
    script.say("one");

    const other = await begin(two);
    expect(await other.nextData()).toEqual(["one"]);
    script.finish();
    expect(await other.closed).toBe("done");
  });

  it("may be produced by a process that has no streams", async () => {
    const [one] = await openNodes(storeOf(), new Script().source);
    const worker = one.publisher();
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
    const store = storeOf();
    const [one] = await openNodes(store, new Script().source);
    const folder = await sampleFolder({
      "producer.mjs": `
        import { publisher } from "${store.module}";
        const worker = publisher(JSON.parse(process.env.OPTIONS));
        const options = { for: { name: "alice" }, event: "token", leaseMs: 1_000 };
        worker.run("job", async ({ send }) => {
          send("token", "last words");
          console.log("begun");
          await new Promise(() => setInterval(() => undefined, 1_000));
        }, options);
      `,
    });
    const producer = await runSample(folder, "producer.mjs", {
      OPTIONS: JSON.stringify(one.options),
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
    const store = storeOf();
    const [one, two] = await openNodes(store, script.source, { ...FOR_ALICE, leaseMs: 10_000 });
    const here = await begin(one);
    await whenBegun(script);
    script.say("one");
    await here.nextData();
    const there = await follow(two);
    await there.nextData();
    const { runs } = store.createLog(one.options);
    const run = (await runs?.find("a")) as StoredRun;
    expect(await runs?.lose(run, "expired")).toBe("in");
    // As if its lease had not been renewed in time.
    while ((await runs?.lose(run, "expired")) !== "lost") await store.letLeaseRunOut(one.options);
    expect(await there.closed).toBe("lost");
    script.say("late");
    expect(await one.runs[0]?.done).toEqual({ reason: "lost", events: 1 });
    expect(await here.closed).toBe("lost");
    expect(script.tools?.signal.aborted).toBe(true);
    const late = await follow(two);
    expect(await late.closed).toBe("lost");
    expect(wordsIn(late)).toEqual(["one"]);
  });

  it("are lost for a producer that slept while another run had its id, and add nothing to that", async () => {
    const script = new Script();
    const store = storeOf();
    const [one, two] = await openNodes(store, script.source, { ...FOR_ALICE, leaseMs: 60_000 });
    const here = await begin(one);
    await whenBegun(script);
    script.say("old");
    await here.nextData();
    await store.letLeaseRunOut(one.options);
    const newer = two.shop.hub.run("a", () => ["new"], FOR_ALICE);
    expect(await newer.done).toEqual({ reason: "done", events: 1 });
    script.say("late");
    expect(await one.runs[0]?.done).toEqual({ reason: "lost", events: 1 });
    expect(await here.closed).toBe("lost");
    const late = await follow(two);
    expect(await late.closed).toBe("done");
    expect(wordsIn(late)).toEqual(["new"]);
  });

  it("are told of with the followers of all nodes", async () => {
    const script = new Script();
    const [one, two] = await openNodes(storeOf(), script.source);
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
    const [one, two] = await openNodes(storeOf(), script.source);
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

  it("leave the health of their nodes as it is", async () => {
    const script = new Script();
    const [one, two] = await openNodes(storeOf(), script.source);
    await until(() => two.shop.hub.health().status === "ok", "all its connections are up");
    await begin(one);
    await whenBegun(script);
    script.say("one");
    const stream = await follow(two);
    expect(await stream.nextData()).toEqual(["one"]);
    expect(two.shop.hub.health()).toMatchObject({ status: "ok", problem: null });
  });

  it("take each write once, and only the one that is next", async () => {
    const store = storeOf();
    const runs = runsOf(await openNodes(store, new Script().source), store);
    const run = header("r");
    expect(await runs.begin(run)).toBe(true);
    const frames = ["data: 1\n\n", "data: 2\n\n"].map((text) => Buffer.from(text));
    for (const expected of ["in", "in"]) {
      expect(await runs.write(run, { after: 0, frames, end: null })).toBe(expected);
    }
    expect(await runs.write(run, { after: 9, frames, end: null })).toBe("gone");
    expect(await runs.find("r")).toMatchObject({ events: 2, bytes: 18, state: "running" });
    for (const expected of ["in", "in"]) {
      expect(await runs.write(run, { after: 2, frames: [], end: "done" })).toBe(expected);
    }
    expect(await runs.write(run, { after: 2, frames, end: null })).toBe("done");
    expect(await runs.lose(run, "now")).toBe("done");
    expect(await runs.write(header("r"), { after: 0, frames, end: null })).toBe("gone");
    expect(await runs.find("r")).toEqual({ ...run, events: 2, bytes: 18, state: "done" });
  });

  it("begin once where many begin with one id at the same time", async () => {
    const store = storeOf();
    const nodes = await openNodes(store, new Script().source);
    const stores = [runsOf(nodes, store), runsOf(nodes, store), runsOf(nodes, store)];
    // All are connected then.
    await Promise.all(stores.map((runs) => runs.list()));
    for (let n = 0; n < 50; n += 1) {
      const begun = await Promise.all(stores.map((runs) => runs.begin(header(`r${n}`))));
      expect([n, begun.filter((isBegun) => isBegun)]).toEqual([n, [true]]);
    }
  });
}

let tokens = 0;

function header(id: string): RunHeader {
  const token = `t${(tokens += 1)}`;
  return { id, token, for: { name: "alice" }, since: 7, leaseMs: 60_000, keepMs: 60_000 };
}

/** The runs of a log of its own beside those of the nodes. */
function runsOf([{ options }]: readonly [Node, Node], store: RunsStore): RunStore {
  return store.createLog(options).runs as RunStore;
}
