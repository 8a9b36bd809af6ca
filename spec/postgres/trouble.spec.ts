import { randomUUID } from "node:crypto";
import { createHub, type SseHubError } from "express-sse-hub";
import { migrate, migrationSql } from "express-sse-hub/postgres";
import { onTestEnd } from "../support/disposers.js";
import { sample } from "../support/guides.js";
import { draftOf } from "../support/log-witness.js";
import { PostgresServer, describeWithPostgres } from "../support/postgres.js";
import { troubleOf as troubleInWords } from "../../lib/postgres/trouble.js";
import { ServerError } from "../../lib/shared-log/server-error.js";
import { startNode, startNodeSoon, transact, type Node } from "./nodes.js";

/** What a node has been told of its PostgreSQL, the first time. */
async function troubleOf({ log, witness }: Node): Promise<string> {
  await witness.until(() => witness.errors.length > 0);
  const [error] = witness.errors;
  expect(error).toMatchObject({ code: "ERR_SSE_LOG" });
  expect(log.health.problem).toBe(error?.message);
  return error?.message ?? "";
}

describeWithPostgres("postgresLog in trouble", (serverOf) => {
  it("says that nothing listens, where, and what to do", async () => {
    const server = await PostgresServer.start();
    await migrate({ connectionString: server.url });
    await server.kill();
    const node = startNodeSoon({ connectionString: server.url });
    expect(await troubleOf(node)).toBe(
      `PostgreSQL at 127.0.0.1:${server.port} cannot be reached (connect ECONNREFUSED 127.0.0.1:${server.port}). ` +
        "Check that it runs, and that host and port are correct.",
    );
    await server.run();
    await node.log.catchUp();
    expect(node.log.health).toMatchObject({ status: "ok", problem: null });
  });

  it("says that the tables are missing, and takes up its work when they are made", async () => {
    const connectionString = serverOf().url;
    const name: string = randomUUID();
    const node = startNodeSoon({ connectionString, name, deadlineMs: 30_000 });
    const early = node.log.append(draftOf("early"));
    expect(await troubleOf(node)).toMatch(
      /has no tables of this version of the log \(42P01 .*Call migrate\(\) of express-sse-hub\/postgres/,
    );
    await migrate({ connectionString, name });
    const id = await early;
    await node.log.catchUp();
    expect(id).toBe(`${node.log.epoch}.1`);
    await node.witness.until(() => node.log.health.status === "ok");
  });

  it("says that the tables are of another version", async () => {
    const server = serverOf();
    await server.sql(`${migrationSql({ name: "other" })} UPDATE other_meta SET version = 99`);
    const node = startNodeSoon({ connectionString: server.url, name: "other" });
    expect(await troubleOf(node)).toMatch(/VERSION 99 of the tables, expected 1.*Call migrate\(\)/);
  });

  it("needs no more than the rights that the guide grants, and says so where they are missing", async () => {
    const server = await PostgresServer.start();
    const connectionString = server.urlOf("app");
    await server.sql(`${migrationSql()} CREATE ROLE app LOGIN`);
    const denied = startNodeSoon({ connectionString });
    expect(await troubleOf(denied)).toMatch(
      /denies the log a table.*\(42501 permission denied.*lib\/postgres\/README/,
    );
    await server.sql(sample("rights in PostgreSQL"));
    await denied.log.catchUp();

    const node = startNodeSoon({ connectionString, maxEvents: 10 });
    const hub = createHub({ log: node.log });
    onTestEnd(() => hub.close());
    const pool = server.pool({ connectionString });
    await transact(pool, (client) => hub.within(client).retain("a").broadcast("message", "a"));
    for (let n = 0; n < 100; n += 1) await node.log.append(draftOf(String(n)));
    await node.log.tell({ kind: "hello" });
    const run = hub.run("r", () => ["word"], { for: "everybody" });
    expect(await run.done).toEqual({ reason: "done", events: 1 });
    // Two witnesses, and a hub.
    expect(await denied.log.ask({ n: 1 })).toHaveLength(3);
    await denied.log.catchUp();
    expect(denied.witness.record).toContain("99");
    // Somebody has trimmed, and may.
    const [row] = await server.sql("SELECT count(*)::int AS n FROM sse_log");
    expect(row?.n).toBeLessThan(50);
    expect(node.witness.errors).toEqual([]);
  });

  it.each([
    ["a role that is none", "nobody", "postgres", /refuses the user or the password \(28000/],
    ["a database that is none", "sse", "none", /has no such database \(3D000/],
  ])("says that it was given %s", async (_what, user, database, message) => {
    const node = startNodeSoon({ connectionString: serverOf().urlOf(user, database) });
    expect(await troubleOf(node)).toMatch(message);
  });

  it("says that the server is a replica", async () => {
    const server = await PostgresServer.start();
    await migrate({ connectionString: server.url });
    const standby = await PostgresServer.standbyOf(server);
    const node = startNodeSoon({ connectionString: standby.url });
    expect(await troubleOf(node)).toMatch(/is a replica, which takes no writes/);
  });

  it("says that the disk is full, serves what it can, and goes on when there is room", async () => {
    const server = serverOf();
    const name = "full";
    const [one, two] = [
      await startNode({ connectionString: server.url, name, deadlineMs: 2_000 }),
      await startNode({ connectionString: server.url, name }),
    ];
    await one.log.append(draftOf("before"));
    // What PostgreSQL raises where it cannot extend a file.
    await server.sql(
      `CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
      END $$;
      CREATE TRIGGER full_disk BEFORE INSERT ON full_log FOR EACH ROW EXECUTE FUNCTION no_room()`,
    );
    const failure = () =>
      Promise.resolve(one.log.append(draftOf("during"))).then(
        () => null,
        (error: unknown) => error as SseHubError,
      );
    // If it is being tried at the deadline, nobody knows.
    let error = await failure();
    while (error?.outcome === "unknown") error = await failure();
    expect(error).toMatchObject({ code: "ERR_SSE_LOG", outcome: "not-sent" });
    expect(one.log.health).toMatchObject({
      status: "degraded",
      problem: expect.stringMatching(/has no room left.*\(53100 could not extend file/),
    });
    expect((await two.log.read(0, 1_000)).entries).toHaveLength(1);
    const after = two.log.append(draftOf("after"));
    await server.sql("DROP TRIGGER full_disk ON full_log");
    await after;
    await one.log.append(draftOf("again"));
    await two.log.catchUp();
    expect(two.witness.record).toEqual(["before", "after", "again"]);
    expect(one.log.health).toMatchObject({ status: "ok", problem: null });
  });

  it("says that a pooler is in between, which gives each statement another connection", () => {
    const cause = new ServerError(
      "db:6432",
      new Error('26000 prepared statement "sse page" does not exist'),
    );
    expect(troubleInWords(cause).text).toMatch(
      /^PostgreSQL at db:6432 does not keep prepared statements.*a direct connection.*pgbouncer/,
    );
  });

  it("says that there are no connections left", async () => {
    const server = await PostgresServer.start([
      ...["max_connections=6", "superuser_reserved_connections=3", "max_wal_senders=0"],
    ]);
    await server.sql(`${migrationSql()} CREATE ROLE app LOGIN; ${sample("rights in PostgreSQL")}`);
    const pool = server.pool({ connectionString: server.urlOf("app"), max: 3 });
    const clients = [await pool.connect(), await pool.connect(), await pool.connect()];
    const node = startNodeSoon({ connectionString: server.urlOf("app") });
    expect(await troubleOf(node)).toMatch(/takes no more connections \(53300.*two for the log/);
    for (const client of clients) client.release(true);
    await node.log.catchUp();
    expect(node.log.health.status).toBe("ok");
  });
});

describeWithPostgres("migrate()", (serverOf) => {
  it("makes the tables once, where ten nodes start at the same time", async () => {
    const connectionString = serverOf().url;
    const options = { connectionString, schema: "events", name: "ten" };
    await Promise.all(Array.from({ length: 10 }, () => migrate(options)));
    const nodes = await Promise.all(Array.from({ length: 3 }, () => startNode(options)));
    await nodes[0]?.log.append(draftOf("a"));
    await Promise.all(nodes.map(({ log }) => log.catchUp()));
    expect(nodes.map(({ witness }) => witness.record)).toEqual([["a"], ["a"], ["a"]]);
  });

  it("leaves what is there, and prints what it does", async () => {
    const server = serverOf();
    const options = { connectionString: server.url, name: "again" };
    server.program(
      "psql",
      ["-q", "-v", "ON_ERROR_STOP=1", server.url],
      migrationSql({ name: "again" }),
    );
    const { log } = await startNode(options);
    await log.append(draftOf("a"));
    await migrate(options);
    await migrate({ pool: server.pool(), name: "again" });
    const other = await startNode(options);
    expect([other.log.epoch, other.log.head]).toEqual([log.epoch, 1]);
  });

  it("says why it cannot", async () => {
    const server = serverOf();
    await server.sql("CREATE ROLE visitor LOGIN");
    await expect(
      migrate({ connectionString: server.urlOf("visitor"), schema: "closed" }),
    ).rejects.toMatchObject({
      code: "ERR_SSE_LOG",
      message: expect.stringMatching(/denies the log.*42501 permission denied for database/),
    });
  });
});
