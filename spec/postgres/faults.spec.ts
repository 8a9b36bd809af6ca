import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { renameSync, rmSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { createHub } from "express-sse-hub";
import { migrate } from "express-sse-hub/postgres";
import { draftOf } from "../support/log-witness.js";
import { FaultProxy } from "../support/fault-proxy.js";
import { PostgresServer, describeWithPostgres } from "../support/postgres.js";
import { startNode, transact, type Node } from "./nodes.js";
import { Traffic } from "../redis/traffic.js";

/** Names the log of a node as its tables are named. */
const table = (name: string, part: string) => `"${name}_${part}"`;

async function startTwo(connectionString: string, name: string = randomUUID()) {
  const options = { connectionString, name, deadlineMs: 30_000 };
  return [await startNode(options), await startNode(options)] as const;
}

async function catchUp(nodes: readonly Node[]): Promise<void> {
  await Promise.all(nodes.map(({ log }) => log.catchUp()));
}

/** What was confirmed, in the order of its positions. */
function confirmedOf({ confirmed }: Traffic): string[] {
  const place = (id: string) => Number(id.split(".")[1]);
  return [...confirmed].sort(([a], [b]) => place(a) - place(b)).map(([, text]) => text);
}

describeWithPostgres("postgresLog, when PostgreSQL crashes", () => {
  it("goes on in the same life when it is back, and says so", async () => {
    const server = await PostgresServer.start();
    const nodes = await startTwo(server.url);
    const [one, two] = nodes;
    await one.log.append(draftOf("before"));
    await two.log.catchUp();
    const { epoch } = one.log;

    await server.kill();
    await two.witness.until(() => two.log.health.status === "degraded");
    const during = one.log.append(draftOf("during"));
    await server.run();
    const id = await during;
    await catchUp(nodes);

    expect(id.split(".")[0]).toBe(epoch);
    for (const { log, witness } of nodes) {
      expect(witness.record).toEqual(["before", "during"]);
      expect(log.health).toMatchObject({ status: "ok", lagMs: 0, problem: null });
      expect(witness.errors.map(({ code }) => code)).toContain("ERR_SSE_LOG");
    }
  });

  it.each([
    ["", []],
    [", though it commits asynchronously", ["synchronous_commit=off"]],
  ])(
    "loses and doubles nothing while it is killed 20 times under traffic%s",
    async (_how, settings) => {
      const server = await PostgresServer.start(settings);
      const nodes = await startTwo(server.url);
      const traffic = new Traffic(nodes);
      for (let times = 0; times < 20; times += 1) {
        const before = traffic.confirmed.size;
        await nodes[0].witness.until(() => traffic.confirmed.size > before + 20);
        await server.kill();
        await server.run();
      }
      await traffic.stop();
      await catchUp(nodes);
      for (const { witness } of nodes) {
        expect(witness.record).toEqual(confirmedOf(traffic));
      }
    },
    180_000,
  );

  it("delivers the events of all transactions that were committed, and of no other", async () => {
    const server = await PostgresServer.start(["synchronous_commit=off"]);
    await server.sql("CREATE TABLE orders (n integer)");
    const nodes = await startTwo(server.url);
    const hub = createHub({ log: nodes[0].log });
    hub.on("error", () => undefined);
    const pool = server.pool({ max: 4 });
    let [n, isOver] = [0, false];
    const writer = async () => {
      while (!isOver) {
        const order = (n += 1);
        const run = transact(pool, async (client) => {
          await hub.within(client).broadcast("message", String(order));
          await client.query("INSERT INTO orders VALUES ($1)", [order]);
        });
        // Whether it was committed, the table tells.
        await run.catch(() => wait(5));
      }
    };
    const writers = [writer(), writer(), writer(), writer()];
    for (let times = 0; times < 10; times += 1) {
      const { length } = nodes[1].witness.record;
      await nodes[1].witness.until(() => nodes[1].witness.record.length > length + 20);
      await server.kill();
      await server.run();
    }
    isOver = true;
    await Promise.all(writers);
    await catchUp(nodes);
    const rows = await server.sql("SELECT n FROM orders ORDER BY n");
    const [first, second] = nodes.map(({ witness }) => witness.record);
    expect(first?.map(Number).sort((a, b) => a - b)).toEqual(rows.map((row) => row.n));
    expect(second).toEqual(first);
  }, 120_000);

  it("waits for one that hangs, and neither loses nor doubles what was sent meanwhile", async () => {
    const server = await PostgresServer.start();
    const nodes = await startTwo(server.url);
    const [one, two] = nodes;
    await one.log.append(draftOf("before"));
    server.stop();
    const during = ["a", "b", "c"].map(async (text) => one.log.append(draftOf(text)));
    await one.witness.until(() => one.log.health.status === "degraded");
    await two.witness.until(() => two.log.health.status === "degraded");
    expect(two.log.health.lagMs).toBeGreaterThan(1_000);
    expect(two.log.health.problem).toContain("does not answer");
    server.goOn();
    await Promise.all(during);
    await catchUp(nodes);
    for (const { witness, log } of nodes) {
      expect(witness.record).toEqual(["before", "a", "b", "c"]);
      expect(log.health.status).toBe("ok");
    }
  }, 60_000);
});

describeWithPostgres("postgresLog, when connections break", (serverOf) => {
  it("loses and doubles nothing while backends are terminated under traffic", async () => {
    const server = serverOf();
    const nodes = await startTwo(server.url);
    const traffic = new Traffic(nodes);
    for (let times = 0; times < 20; times += 1) {
      const before = traffic.confirmed.size;
      await nodes[0].witness.until(() => traffic.confirmed.size > before + 20);
      await server.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'postgres'",
      );
    }
    await traffic.stop();
    await catchUp(nodes);
    for (const { witness } of nodes) expect(witness.record).toEqual(confirmedOf(traffic));
  }, 60_000);

  it("loses and doubles nothing behind a network that cuts, also in the middle of an answer", async () => {
    const server = serverOf();
    const proxy = await FaultProxy.start(`http://127.0.0.1:${server.port}`);
    const name: string = randomUUID();
    await migrate({ connectionString: server.url, name });
    const behind = `postgres://sse@127.0.0.1:${new URL(proxy.url).port}/postgres`;
    const nodes = await startTwo(behind, name);
    const traffic = new Traffic(nodes);
    for (let times = 0; times < 20; times += 1) {
      const before = traffic.confirmed.size;
      await nodes[0].witness.until(() => traffic.confirmed.size > before + 20);
      proxy.planned.push({ cutAfterBytes: 400 + times * 97, cut: "reset" });
      proxy.cutAll();
    }
    await traffic.stop();
    await catchUp(nodes);
    for (const { witness } of nodes) expect(witness.record).toEqual(confirmedOf(traffic));
  }, 60_000);

  it("reads what no notification tells of, and says that none arrives", async () => {
    const server = serverOf();
    const name: string = randomUUID();
    const nodes = await startTwo(server.url, name);
    await server.sql(
      `CREATE OR REPLACE FUNCTION ${table(name, "channel")}() RETURNS text LANGUAGE sql AS $$ SELECT 'nobody' $$`,
    );
    const [one, two] = nodes;
    const texts: string[] = [];
    while (two.witness.errors.length === 0) {
      const text = `text ${texts.length}`;
      texts.push(text);
      await one.log.append(draftOf(text));
      await two.witness.until(() => two.witness.record.includes(text));
    }
    expect(two.log.health).toMatchObject({
      status: "ok",
      problem: expect.stringMatching(/does not deliver notifications.*pgbouncer/),
    });
    expect(two.witness.record).toEqual(texts);
  });
});

describeWithPostgres("postgresLog, when what it was written to is another one", () => {
  it("begins a new life after a dump was restored", async () => {
    const server = await PostgresServer.start();
    await server.sql("CREATE DATABASE restored");
    const [{ log }] = await startTwo(server.url, "sse");
    await log.append(draftOf("a", { retainKey: "a" }));
    const dump = server.program("pg_dump", [server.url]);
    await log.append(draftOf("lost"));
    await log.close();

    const url = server.urlOf("sse", "restored");
    server.program("psql", ["-q", url], dump);
    const [one] = await startTwo(url, "sse");
    expect(one.log.epoch).not.toBe(log.epoch);
    expect([one.log.head, one.log.trimmed]).toEqual([0, 0]);
    expect([...one.log.retained].map(({ position }) => position)).toEqual([0]);
    expect(await one.log.append(draftOf("b"))).toBe(`${one.log.epoch}.1`);
  });

  it("begins a new life when files of before are put back, since a node has read more", async () => {
    const server = await PostgresServer.start();
    const nodes = await startTwo(server.url);
    const [one, two] = nodes;
    await one.log.append(draftOf("a"));
    await two.log.catchUp();
    await server.shutDown();
    execFileSync("cp", ["-a", server.data, `${server.data}-copy`]);
    await server.run();
    await one.log.append(draftOf("lost"));
    await catchUp(nodes);
    const { epoch } = one.log;
    await server.shutDown();
    rmSync(server.data, { recursive: true });
    renameSync(`${server.data}-copy`, server.data);
    await server.run();
    await two.log.append(draftOf("b"));
    await catchUp(nodes);
    for (const { log, witness } of nodes) {
      expect(log.epoch).not.toBe(epoch);
      expect(witness.record).toEqual(["a", "lost", "break", "b"]);
    }
  });

  it("begins a new life on a replica that was promoted", async () => {
    const primary = await PostgresServer.start();
    const proxy = await FaultProxy.start(`http://127.0.0.1:${primary.port}`);
    const behind = `postgres://sse@127.0.0.1:${new URL(proxy.url).port}/postgres`;
    const nodes = await startTwo(behind);
    const [one, two] = nodes;
    const standby = await PostgresServer.standbyOf(primary);
    await one.log.append(draftOf("a"));
    await catchUp(nodes);
    const { epoch } = one.log;
    proxy.unplug();
    await primary.kill();
    proxy.target = `http://127.0.0.1:${standby.port}`;
    proxy.plugIn();
    await one.witness.until(() => (one.log.health.problem ?? "").includes("is a replica"));
    await standby.sql("SELECT pg_promote()");
    await two.log.append(draftOf("b"));
    await catchUp(nodes);
    for (const { log, witness } of nodes) {
      expect(log.epoch).not.toBe(epoch);
      expect(witness.record).toEqual(["a", "break", "b"]);
    }
  }, 60_000);

  it("begins a new life where somebody asks for it, or deletes what describes the log", async () => {
    const server = await PostgresServer.start();
    const nodes = await startTwo(server.url, "sse");
    const [one] = nodes;
    await one.log.append(draftOf("a"));
    await catchUp(nodes);
    const { epoch } = one.log;
    await server.sql("DELETE FROM sse_meta");
    await one.witness.until(() => one.witness.record.includes("break"));
    await one.log.append(draftOf("b"));
    await catchUp(nodes);
    for (const { log, witness } of nodes) {
      expect([log.epoch === epoch, log.head]).toEqual([false, 1]);
      expect(witness.record).toEqual(["a", "break", "b"]);
    }
  });

  it("tells of a break when entries go before they were read", async () => {
    const server = await PostgresServer.start();
    const [one] = await startTwo(server.url, "sse");
    await one.log.append(draftOf("a"));
    await one.log.catchUp();
    const head = JSON.stringify({
      ...{ rooms: null, filter: null, except: null, retainKey: null, isVolatile: false },
    });
    // In one transaction, so that nobody reads between.
    await server.sql(
      `DO $$ BEGIN
        PERFORM sse_append((SELECT epoch FROM sse_meta), 'x', ARRAY[n], ARRAY['event'], ARRAY['${head}'::bytea],
          ARRAY[convert_to(E'data: ' || n || E'\\n\\n', 'UTF8')], ARRAY[null]::bytea[], ARRAY[null]::bigint[])
        FROM generate_series(2, 9) AS n;
        PERFORM sse_trim(4, 1000000, 0, 100);
      END $$`,
    );
    await one.witness.until(() => one.witness.record.includes("break"));
    expect([one.log.head, one.log.trimmed]).toEqual([9, 5]);
    const page = await one.log.read(5, 1_000);
    expect(page.entries.map(({ position }) => position)).toEqual([6, 7, 8, 9]);
    expect(await one.log.read(4, 1_000)).toEqual({ entries: [], isTrimmed: true });
  });

  it("skips what it does not understand, says so, and goes on", async () => {
    const server = await PostgresServer.start();
    const [one] = await startTwo(server.url, "sse");
    await one.log.append(draftOf("a"));
    await server.sql(
      `INSERT INTO sse_log (position, version, "time", node, sequence, kind, head, payload, bytes)
       VALUES (nextval('sse_positions'), 2, 0, 'x', 1, 'event', '', '', 0)`,
    );
    await one.log.append(draftOf("b"));
    await one.log.catchUp();
    expect(one.witness.record).toEqual(["a", "b"]);
    expect(one.witness.errors.map(({ code }) => code)).toEqual(["ERR_SSE_LOG_ENTRY"]);
    const [late] = await startTwo(server.url, "sse");
    const { entries } = await late.log.read(0, 100_000);
    expect(entries.map(({ audience }) => audience.rooms)).toEqual([null, [], null]);
  });
});
