// A node in TypeScript with CommonJS: its log is in the PostgreSQL whose URL is its argument.
import assert from "node:assert/strict";
import { createHub, type EventLog, type TransactionBroadcaster } from "express-sse-hub";
import {
  migrate,
  migrationSql,
  postgresLog,
  publisher,
  type PostgresLogOptions,
  type Publisher,
} from "express-sse-hub/postgres";
import { Pool } from "pg";

async function main(): Promise<void> {
  const [, , connectionString = ""] = process.argv;
  const options: PostgresLogOptions = { connectionString, name: "cjs" };
  const pool = new Pool({ connectionString });
  await migrate({ pool, name: "cjs" });
  assert.match(migrationSql({ name: "cjs" }), /"cjs_log"/);
  const log: EventLog = postgresLog({ pool, name: "cjs" });
  // @ts-expect-error -- no pool of the package pg
  assert.throws(() => postgresLog({ pool: {} }), { code: "ERR_SSE_OPTION" });

  const hub = createHub({ log });
  const shop: Publisher = publisher(options);
  const client = await pool.connect();
  await client.query("BEGIN");
  const within: TransactionBroadcaster = shop.within(client);
  const taken: Promise<void> = within.to("desk").broadcast("message", "hello");
  assert.equal(await taken, undefined);
  await client.query("COMMIT");
  client.release();
  assert.match(await hub.broadcast("message", "hello"), /\.2$/);
  await shop.close();
  await hub.close();
  await pool.end();
  console.log("took hello twice");
}

void main();
