import { setTimeout as wait } from "node:timers/promises";
import { describeWithPostgres, PostgresServer } from "../support/postgres.js";
import { until } from "../support/until.js";
import { begin, follow, openNodes, postgresStore, whenBegun, wordsIn } from "./answer-nodes.js";
import { FOR_ALICE, Script, wordsOf } from "./answers.js";

const WORDS = Array.from({ length: 300 }, (_, n) => `w${n}`);

/** What happens to a server while a run is going on, and after how many words it is over. */
type Fault = (server: PostgresServer, name: string, script: Script) => Promise<number>;

const FAULTS: ReadonlyArray<readonly [string, Fault]> = [
  [
    "loses its tables' rows",
    async (server, name) => {
      await server.sql(`TRUNCATE "${name}_runs", "${name}_run_events"`);
      return 100;
    },
  ],
  [
    "is killed",
    async (server, _name, script) => {
      await server.kill();
      script.say(...WORDS.slice(100, 200));
      await server.run();
      return 200;
    },
  ],
  [
    "ends all connections, again and again",
    async (server, _name, script) => {
      for (let said = 100; said < 200; said += 10) {
        script.say(...WORDS.slice(said, said + 10));
        await server.sql(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'postgres'",
        );
      }
      return 200;
    },
  ],
];

describeWithPostgres("runs in PostgreSQL alone", (serverOf) => {
  it.each(FAULTS)("are whole for everybody when the server %s", async (_what, fault) => {
    const server = await PostgresServer.start();
    const script = new Script();
    const [one, two] = await openNodes(postgresStore(server), script.source, {
      ...FOR_ALICE,
      leaseMs: 30_000,
    });
    const here = await begin(one);
    await whenBegun(script);
    const there = await follow(two);
    script.say(...WORDS.slice(0, 100));
    await there.nextData(100);
    const said = await fault(server, one.options.name, script);
    script.say(...WORDS.slice(said));
    script.finish();
    expect([await here.closed, await there.closed]).toEqual(["done", "done"]);
    expect([wordsIn(here), wordsIn(there)]).toEqual([WORDS, WORDS]);
    await until(() => two.shop.hub.health().status === "ok", "it can ask for the run");
    const late = await follow(two);
    expect(await late.closed).toBe("done");
    expect(wordsIn(late)).toEqual(WORDS);
  });

  it("arrive where no notification does", async () => {
    const script = new Script();
    const [one, two] = await openNodes(postgresStore(serverOf()), script.source);
    await serverOf().sql(
      `CREATE OR REPLACE FUNCTION "${one.options.name}_run_tell"(token_ text) RETURNS void LANGUAGE sql AS ''`,
    );
    await begin(one);
    await whenBegun(script);
    const there = await follow(two);
    script.say("one");
    expect(await there.nextData()).toEqual(["one"]);
    script.say("two");
    script.finish();
    expect(await there.closed).toBe("done");
    expect(wordsIn(there)).toEqual(["one", "two"]);
  });

  it.each([
    ["in the middle", "last = 2"],
    ["at the end", "last = 3"],
  ])("are lost rather than given in part where an event is missing %s", async (_where, which) => {
    const script = new Script();
    const [one, two] = await openNodes(postgresStore(serverOf()), script.source);
    await begin(one);
    await whenBegun(script);
    // Each in a row of its own.
    for (const [n, word] of ["one", "two", "three"].entries()) {
      script.say(word);
      while ((await two.shop.hub.runs())[0]?.events !== n + 1) await wait(5);
    }
    script.finish();
    await one.runs[0]?.done;
    await serverOf().sql(`DELETE FROM "${one.options.name}_run_events" WHERE ${which}`);
    const late = await follow(two);
    expect(await late.closed).toBe("lost");
  });

  it("wait for another beginning with their id, and are not begun beside it", async () => {
    const store = postgresStore(serverOf());
    const [{ options }] = await openNodes(store, new Script().source);
    const client = await serverOf().pool().connect();
    await client.query("BEGIN");
    await client.query(`SELECT "${options.name}_run_begin"('r', 'first', 'null', 0, 60000, 60000)`);
    const run = { id: "r", token: "second", for: null, since: 0, leaseMs: 60_000, keepMs: 60_000 };
    let isOver = false;
    const second = store
      .createLog(options)
      .runs?.begin(run)
      .finally(() => {
        isOver = true;
      });
    const isWaiting = async () =>
      (await serverOf().sql("SELECT FROM pg_locks WHERE NOT granted")).length > 0;
    while (!isOver && !(await isWaiting())) await wait(5);
    await client.query("COMMIT");
    client.release();
    expect(await second).toBe(false);
  });

  it("leave nothing behind in PostgreSQL", async () => {
    const options = { ...FOR_ALICE, keepMs: 4_000 };
    const [one, two] = await openNodes(postgresStore(serverOf()), () => wordsOf(5), options);
    await begin(one);
    await one.runs[0]?.done;
    expect(await two.shop.hub.runs()).toHaveLength(1);
    const { name } = one.options;
    const left = async () => {
      const [row] = await serverOf().sql(
        `SELECT (SELECT count(*) FROM "${name}_runs") + (SELECT count(*) FROM "${name}_run_events") AS n`,
      );
      return Number(row?.n);
    };
    expect(await left()).toBeGreaterThan(1);
    while ((await left()) > 0) await wait(20);
    expect(await two.shop.hub.runs()).toEqual([]);
  });
});
