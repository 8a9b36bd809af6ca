import type { PoolClient, Pool } from "pg";
import type { EventLog } from "express-sse-hub";
import { migrate, postgresLog, type PostgresLogOptions } from "express-sse-hub/postgres";
import { onTestEnd } from "../support/disposers.js";
import { LogWitness } from "../support/log-witness.js";

/** A node: its log, and what a reader there is given. */
export interface Node {
  readonly log: EventLog;
  readonly witness: LogWitness;
}

/** Starts a node and waits until it reads. It is closed with the test. */
export async function startNode(options: PostgresLogOptions): Promise<Node> {
  const { connectionString, pool, schema, name } = options;
  await migrate({ connectionString, pool, schema, name });
  const node = startNodeSoon(options);
  await node.log.catchUp();
  node.witness.record.length = 0;
  return node;
}

/** Starts a node whose server or tables may be missing. It is closed with the test. */
export function startNodeSoon(options: PostgresLogOptions): Node {
  const log = postgresLog(options);
  onTestEnd(() => log.close());
  return { log, witness: new LogWitness(log) };
}

/** Runs a transaction on a connection of a pool: committed at the end, rolled back where that throws. */
export async function transact<T>(
  pool: Pool,
  run: (client: PoolClient) => Promise<T>,
  begin = "BEGIN",
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query(begin);
    const result = await run(client);
    await client.query("COMMIT");
    return result;
  } catch (cause) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw cause;
  } finally {
    client.release();
  }
}
