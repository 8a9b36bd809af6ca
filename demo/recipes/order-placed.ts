// An order and its event in one transaction. Start PostgreSQL and
// DATABASE_URL=postgres://user@localhost:5432/db node --import tsx demo/recipes/order-placed.ts, then
// curl -N localhost:3000/events
// curl -X POST localhost:3000/orders/tea     # the row and the event
// curl -X POST localhost:3000/orders/nothing # neither: the transaction is rolled back
import express from "express";
import { createHub, sse } from "express-sse-hub";
import { migrate, postgresLog } from "express-sse-hub/postgres";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
pool.on("error", console.error);
await migrate({ pool });
await pool.query(
  "CREATE TABLE IF NOT EXISTS orders (id bigserial PRIMARY KEY, item text NOT NULL)",
);

const app = express();
const hub = createHub({ log: postgresLog({ pool }) });
app.use(sse({ hub }));

app.get("/events", (req) => {
  req.sse.join();
});

app.post("/orders/:item", async (req, res) => {
  const { item } = req.params;
  const id = await inTransaction(async (client) => {
    const text = "INSERT INTO orders (item) VALUES ($1) RETURNING id";
    const { rows } = await client.query<{ id: string }>(text, [item]);
    await hub.within(client).broadcast("order", { id: rows[0]?.id, item });
    // Something is found to be wrong, though the row and the event are written already.
    if (item === "nothing") throw new Error("Nobody can order nothing.");
    return rows[0]?.id;
  });
  res.status(201).json({ id });
});

app.get("/orders", async (_req, res) => {
  const { rows } = await pool.query("SELECT item FROM orders ORDER BY id");
  res.json(rows);
});

app.listen(process.env.PORT ?? 3000);

/** Runs a transaction: committed at the end, rolled back when that throws. */
async function inTransaction<T>(run: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const result = await run(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}
