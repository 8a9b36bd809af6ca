import { randomUUID } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createHub, memoryLog, type BroadcastTrace, type Hub } from "express-sse-hub";
import { migrate, publisher } from "express-sse-hub/postgres";
import { redisLog } from "express-sse-hub/redis";
import { onTestEnd } from "../support/disposers.js";
import { draftOf, textOf } from "../support/log-witness.js";
import { PostgresServer, describeWithPostgres } from "../support/postgres.js";
import { until } from "../support/shop.js";
import { startNode, transact, type Node } from "./nodes.js";

describeWithPostgres("hub.within(client)", (serverOf) => {
  async function start() {
    const name = randomUUID();
    const pool = serverOf().pool();
    const options = { pool, name };
    const nodes: Node[] = [await startNode(options), await startNode(options)];
    const [{ log }] = nodes as [Node, Node];
    const hub = createHub({ log });
    onTestEnd(() => hub.close());
    // After a marker that is read everywhere, all before it has been read, too.
    const settle = async () => {
      await log.append(draftOf("end"));
      await Promise.all(nodes.map((node) => node.log.catchUp()));
      return nodes.map(({ witness }) => witness.record);
    };
    return { hub, nodes, pool, settle, name };
  }

  it("delivers with the commit, on every node, and in the order of the commits", async () => {
    const { hub, nodes, pool, settle } = await start();
    const [first, second] = [await pool.connect(), await pool.connect()];
    for (const client of [first, second]) await client.query("BEGIN");
    await hub.within(first).broadcast("message", "begun first");
    await hub.within(second).broadcast("message", "committed first");
    await hub.within(second).broadcast("message", "of the same transaction");
    await hub.broadcast("message", "of no transaction");
    await Promise.all(nodes.map(({ log }) => log.catchUp()));
    for (const { witness } of nodes) expect(witness.record).toEqual(["of no transaction"]);

    await second.query("COMMIT");
    await first.query("COMMIT");
    for (const client of [first, second]) client.release();
    const texts = [
      ...["of no transaction", "committed first", "of the same transaction", "begun first", "end"],
    ];
    expect(await settle()).toEqual([texts, texts]);
  });

  it("carries what a tracer set to every node, with the event of a transaction and with any other", async () => {
    const { hub, nodes, pool, settle } = await start();
    const START = "tracing:express-sse-hub:broadcast:start";
    const onStart = (context: unknown) => {
      const trace = context as BroadcastTrace;
      trace.traceContext = `of ${String(trace.event)}`;
    };
    subscribe(START, onStart);
    onTestEnd(() => unsubscribe(START, onStart));
    await transact(pool, async (client) => {
      await hub.within(client).broadcast("first", 1);
    });
    await hub.broadcast("second", 2);
    await settle();

    const carried = nodes.map(async ({ log }) => {
      const { entries } = await log.read(0, 10_000);
      return entries.map(({ traceContext }) => traceContext);
    });
    const contexts = ["of first", "of second", undefined];
    expect(await Promise.all(carried)).toEqual([contexts, contexts]);
  });

  it("leaves nothing of a transaction that is rolled back, or back to a savepoint, or that is cut off", async () => {
    const { hub, pool, settle } = await start();
    await expect(
      transact(pool, async (client) => {
        await hub.within(client).retain("state").broadcast("message", "never");
        throw new Error("No.");
      }),
    ).rejects.toThrow("No.");
    await transact(pool, async (client) => {
      await hub.within(client).broadcast("message", "before");
      await client.query("SAVEPOINT here");
      await hub.within(client).broadcast("message", "taken back");
      await client.query("ROLLBACK TO here");
      await hub.within(client).broadcast("message", "after");
    });
    const client = await pool.connect();
    client.on("error", () => undefined);
    await client.query("BEGIN");
    await hub.within(client).broadcast("message", "cut off");
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    await serverOf().sql("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
    client.release(true);
    const texts = ["before", "after", "end"];
    expect(await settle()).toEqual([texts, texts]);
  });

  it("lets no open transaction stop what others broadcast or commit", async () => {
    const { hub, pool, settle } = await start();
    const open = await pool.connect();
    await open.query("BEGIN");
    await open.query("CREATE TEMPORARY TABLE written (n integer)");
    await hub.within(open).broadcast("message", "much later");
    await hub.broadcast("message", "plain");
    await transact(pool, (client) => hub.within(client).broadcast("message", "short"));
    const before = await settle();
    expect(before).toEqual([
      ["plain", "short", "end"],
      ["plain", "short", "end"],
    ]);
    await open.query("COMMIT");
    open.release();
    expect((await settle())[1]).toEqual(["plain", "short", "end", "much later", "end"]);
  });

  it.each(["REPEATABLE READ", "SERIALIZABLE"])(
    "takes events of %s transactions that overlap, and makes none of them fail",
    async (level) => {
      const { hub, pool, settle } = await start();
      const clients = [await pool.connect(), await pool.connect(), await pool.connect()];
      for (const client of clients) {
        await client.query(`BEGIN ISOLATION LEVEL ${level}`);
        await client.query("SELECT 1");
      }
      const within = (n: number) => hub.within(clients[n] as object).retain("key");
      for (const n of [0, 1, 2]) await within(n).broadcast("message", `first ${n}`);
      await hub.retain("key").broadcast("message", "between");
      for (const n of [0, 1, 2]) await within(n).broadcast("message", `second ${n}`);
      for (const client of clients) await client.query("COMMIT");
      for (const client of clients) client.release();
      const texts = ["between", ...[0, 1, 2].flatMap((n) => [`first ${n}`, `second ${n}`]), "end"];
      expect(await settle()).toEqual([texts, texts]);
    },
  );

  it("lets no transaction be prepared, which would hold up all others until it is ended", async () => {
    const server = await PostgresServer.start(["max_prepared_transactions=5"]);
    const pool = server.pool();
    const { log } = await startNode({ pool });
    const hub = createHub({ log });
    onTestEnd(() => hub.close());
    const client = await pool.connect();
    await client.query("BEGIN");
    await hub.within(client).broadcast("message", "never");
    await expect(client.query("PREPARE TRANSACTION 'a'")).rejects.toThrow(/cannot PREPARE/);
    client.release();
    await hub.broadcast("message", "after");
    expect(log.head).toBeLessThan(3);
  });

  it("has an audience, keys and volatile events, as any broadcast", async () => {
    const { hub, nodes, pool, settle, name } = await start();
    await transact(pool, async (client) => {
      const within = hub.within(client);
      await within.to("desk").except("somebody").broadcast("message", "1");
      await within.retain("key").broadcast("message", "2");
      await within.volatile().broadcast("message", "3");
    });
    await settle();
    const { log } = nodes[1] as Node;
    const { entries } = await log.read(0, 100_000);
    expect(entries.map(({ audience }) => audience)).toEqual([
      { rooms: ["desk"], filter: null, except: "somebody" },
      ...Array<unknown>(3).fill({ rooms: null, filter: null, except: null }),
    ]);
    expect(entries.map(({ isVolatile }) => isVolatile)).toEqual([false, false, true, false]);
    const late = await startNode({ pool, name });
    expect([...late.log.retained].map(({ position }) => position)).toEqual([entries[1]?.position]);
  });

  it("takes back what is kept under a key, or lets it grow old, as any broadcast", async () => {
    const { hub, pool, settle, name } = await start();
    await hub.retain("import").broadcast("message", "running");
    await hub.retain("other").broadcast("message", "other");
    await transact(pool, async (client) => {
      const within = hub.within(client);
      await within.retain("import").clear();
      await within.retain("moment", { maxAgeMs: 20 }).broadcast("message", "for a moment");
      await within.retain("hour", { maxAgeMs: 3_600_000 }).broadcast("message", "for an hour");
      expect(() => within.retain("key", { maxAge: 1 } as object)).toThrow(
        expect.objectContaining({ code: "ERR_SSE_OPTION" }),
      );
    });
    await settle();
    const late = await startNode({ pool, name });
    const kept = () => [...late.log.retained].map(({ bytes }) => textOf(bytes));
    await until(() => kept().length === 2, "what was for a moment is kept no more");
    expect(kept()).toEqual(["other", "for an hour"]);
  });

  it("loses nothing that was committed before any node had come", async () => {
    const pool = serverOf().pool();
    const name: string = randomUUID();
    await migrate({ pool, name });
    const shop = publisher({ connectionString: "postgres://127.0.0.1:1/none", name });
    shop.on("error", () => undefined);
    onTestEnd(() => shop.close());
    await transact(pool, (client) => shop.within(client).broadcast("message", "early"));
    const { log } = await startNode({ pool, name });
    const { entries } = await log.read(0, 1_000);
    expect(entries.map(({ bytes }) => textOf(bytes))).toEqual(["early"]);
  });

  it("works from a publisher", async () => {
    const { pool, settle, name } = await start();
    const shop = publisher({ pool, name });
    onTestEnd(() => shop.close());
    await transact(pool, (client) => shop.within(client).broadcast("message", "from a worker"));
    expect((await settle())[0]).toEqual(["from a worker", "end"]);
  });

  it("says what to do where the database refuses an event", async () => {
    const { hub, pool } = await start();
    const errors: unknown[] = [];
    hub.on("error", (error) => errors.push(error));
    const client = await pool.connect();
    onTestEnd(() => {
      client.release();
    });
    await client.query("BEGIN");
    await expect(client.query("SELECT 1 / 0")).rejects.toThrow();
    const refused = hub.within(client).broadcast("message", "a");
    await expect(refused).rejects.toMatchObject({
      code: "ERR_SSE_LOG",
      outcome: "not-sent",
      message: expect.stringMatching(/current transaction is aborted.*Roll the transaction back/),
    });
    expect(errors).toHaveLength(1);
    await client.query("ROLLBACK");
  });

  it("throws misuse at the call", async () => {
    const { hub, pool } = await start();
    await transact(pool, (client) => {
      const within = hub.within(client);
      const calls = [
        () => within.broadcast("a\nb", "x"),
        () => within.broadcast("message", 1n as never),
        () => within.broadcast("message", "x", () => true),
        () => within.to("desk", 7 as never),
      ] as Array<() => unknown>;
      for (const call of calls) {
        expect(call).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_SSE_/) }));
      }
      return Promise.resolve();
    });
    for (const wrong of [pool, {}, null, "client"]) {
      expect(() => hub.within(wrong as object)).toThrow(
        expect.objectContaining({
          code: "ERR_SSE_OPTION",
          message: expect.stringContaining("Expected the client that runs your transaction"),
        }),
      );
    }
  });

  it("refuses logs that cannot, and names the one that can", () => {
    const redis = redisLog({ url: "redis://127.0.0.1:1" });
    onTestEnd(() => redis.close());
    for (const log of [memoryLog(), redis]) {
      const hub: Hub = createHub({ log });
      hub.on("error", () => undefined);
      onTestEnd(() => hub.close());
      expect(() => hub.within({ query: () => Promise.resolve() })).toThrow(
        expect.objectContaining({
          code: "ERR_SSE_OPTION",
          message: expect.stringContaining("postgresLog() of express-sse-hub/postgres"),
        }),
      );
    }
  });
});
