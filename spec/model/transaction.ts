import type { Pool, PoolClient } from "pg";

/** Runs a transaction and ends it as is said. Rejects where that cannot be done. */
export async function runTransaction(
  pool: Pool,
  end: "COMMIT" | "ROLLBACK",
  run: (client: PoolClient) => Promise<void>,
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await run(client);
    await client.query(end);
    client.release();
  } catch (cause) {
    client.release(cause as Error);
    throw cause;
  }
}
