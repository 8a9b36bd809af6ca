import { randomUUID } from "node:crypto";
import { Pool, types } from "pg";
import {
  migrate,
  migrationSql,
  postgresLog,
  type PostgresLogOptions,
} from "express-sse-hub/postgres";
import { onTestEnd } from "../support/disposers.js";
import { draftOf } from "../support/log-witness.js";
import { describeWithPostgres } from "../support/postgres.js";
import { startNode } from "./nodes.js";

const connectionString = "postgres://localhost";

describe("the options of postgresLog", () => {
  it.each<[PostgresLogOptions | Record<string, unknown>, string]>([
    [{}, "neither connectionString nor pool"],
    [{ connectionString, pool: new Pool() }, "was given both"],
    [{ connectionString: "mysql://user:secret@localhost" }, '"mysql://…@localhost"'],
    [{ pool: {} }, "Expected a Pool of pg 8"],
    [{ connectionString, name: "a b" }, "name"],
    [{ connectionString, name: "x".repeat(41) }, "name"],
    [{ connectionString, schema: 'a"b' }, "schema"],
    [{ connectionString, secret: "" }, "secret"],
    [{ connectionString, maxEvents: 0 }, "maxEvents"],
    [{ connectionString, deadlineMs: 0 }, "deadlineMs"],
    [{ conectionString: "" }, "Did you mean connectionString?"],
  ])("refuse %j", (options, why) => {
    expect(() => postgresLog(options as PostgresLogOptions)).toThrow(
      expect.objectContaining({ code: "ERR_SSE_OPTION", message: expect.stringContaining(why) }),
    );
  });

  it("are refused by migrate() and migrationSql() alike", async () => {
    await expect(migrate({})).rejects.toMatchObject({ code: "ERR_SSE_OPTION" });
    expect(() => migrationSql({ name: 'a"b' })).toThrow(
      expect.objectContaining({ code: "ERR_SSE_OPTION" }),
    );
  });
});

describeWithPostgres("postgresLog with a pool", (serverOf) => {
  it("takes the pool's options and leaves the pool alone", async () => {
    const pool = serverOf().pool({ query_timeout: 1, max: 1, application_name: "shop" });
    const { log } = await startNode({ pool, name: randomUUID() });
    await log.append(draftOf("a"));
    await log.catchUp();
    expect([log.head, pool.totalCount]).toEqual([1, 0]);
    const rows = await serverOf().sql(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'shop'",
    );
    expect(rows).toEqual([{ n: 2 }]);
  });

  it("works whatever parsers the application has set, and with settings of its database", async () => {
    const oids = [types.builtins.INT8, types.builtins.BYTEA, types.builtins.TEXT];
    for (const oid of oids) {
      const before = types.getTypeParser(oid) as (text: string) => unknown;
      types.setTypeParser(oid, () => "parsed");
      onTestEnd(() => {
        types.setTypeParser(oid, before);
      });
    }
    const server = serverOf();
    await server.sql("CREATE DATABASE strange");
    await server.sql(
      "ALTER DATABASE strange SET bytea_output = 'escape'; " +
        "ALTER DATABASE strange SET default_transaction_isolation = 'serializable'; " +
        "ALTER DATABASE strange SET standard_conforming_strings = off",
    );
    const options = { connectionString: server.urlOf("sse", "strange"), name: randomUUID() };
    const [one, two] = [await startNode(options), await startNode(options)];
    const texts = Array.from({ length: 50 }, (_, n) => `ünï\\${n}\0`);
    await Promise.all(
      texts.map(async (text, n) =>
        (n % 2 === 0 ? one : two).log.append(draftOf(text, { retainKey: "a\0" })),
      ),
    );
    await Promise.all([one.log.catchUp(), two.log.catchUp()]);
    expect(new Set(one.witness.record)).toEqual(new Set(texts));
    expect(two.witness.record).toEqual(one.witness.record);
  });

  it("hashes session ids alike on all nodes, under the secret if there is one", async () => {
    const { url } = serverOf();
    const label = async (options: Partial<PostgresLogOptions>) =>
      (await startNode({ connectionString: url, ...options })).log.sessionLabel;
    const [plain, other] = [await label({}), await label({ name: "other" })];
    const [secret, same] = [await label({ secret: "s" }), await label({ secret: "s" })];
    expect(new Set([plain, other, secret]).size).toBe(3);
    expect(same).toBe(secret);
    expect(secret).not.toContain("sse");
  });
});
