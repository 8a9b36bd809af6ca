import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { createHub, type Hub } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { textOf } from "../support/log-witness.js";
import { describeWithPostgres } from "../support/postgres.js";
import { startNode, transact } from "./nodes.js";

const TRANSACTIONS = 10_000;
const WRITERS = 8;

class RolledBack extends Error {}

describeWithPostgres("transactions of many writers", (serverOf) => {
  // Each row is written with what is said of it, so that the table tells what was committed.
  async function write(hub: Hub, pool: Pool, n: number): Promise<void> {
    const run = transact(pool, async (client) => {
      await hub.within(client).broadcast("message", String(n));
      await client.query("INSERT INTO orders (n) VALUES ($1)", [n]);
      if (Math.random() < 1 / 3) throw new RolledBack();
    });
    await run.catch((cause: unknown) => {
      if (!(cause instanceof RolledBack)) throw cause;
    });
  }

  it(`give each of three nodes exactly what was committed of ${TRANSACTIONS}, in one order`, async () => {
    const server = serverOf();
    const pool = server.pool({ max: WRITERS });
    await server.sql("CREATE TABLE orders (n integer)");
    const name = randomUUID();
    const start = () => startNode({ pool, name });
    const nodes = [await start(), await start(), await start()];
    const hubs = nodes.map(({ log }) => createHub({ log }));
    for (const hub of hubs) onTestEnd(() => hub.close());

    let next = 0;
    const writer = async (hub: Hub) => {
      while (next < TRANSACTIONS) await write(hub, pool, (next += 1));
    };
    const writers = Array.from({ length: WRITERS }, (_, n) => writer(hubs[n % 3] as Hub));
    // Others broadcast meanwhile, outside of any transaction.
    const plain = async () => {
      while (next < TRANSACTIONS) await hubs[0]?.broadcast("message", "plain");
    };
    await Promise.all([...writers, plain()]);
    await hubs[0]?.broadcast("message", "end");
    await Promise.all(nodes.map(({ log }) => log.catchUp()));

    const rows = await server.sql("SELECT n FROM orders");
    const committed = rows.map(({ n }) => Number(n)).sort((a, b) => a - b);
    expect(committed.length).toBeGreaterThan(TRANSACTIONS / 2);
    const [first = [], ...others] = nodes.map(({ witness }) => witness.record);
    const events = first.filter((text) => !["plain", "end"].includes(text)).map(Number);
    expect(events.sort((a, b) => a - b)).toEqual(committed);
    for (const record of others) expect(record).toEqual(first);
    // What a node reads that comes later is the same.
    const late = await startNode({ pool, name });
    const texts: string[] = [];
    for (let after = 0; ;) {
      const { entries } = await late.log.read(after, 1_000_000);
      if (entries.length === 0) break;
      texts.push(...entries.map(({ bytes }) => textOf(bytes)));
      after = entries.at(-1)?.position ?? 0;
    }
    expect(texts).toEqual(first);
  }, 180_000);

  it("give the order in which they changed a row that all of them change", async () => {
    const server = serverOf();
    const pool = server.pool({ max: WRITERS });
    await server.sql("CREATE TABLE counter AS SELECT 0 AS n");
    const { log, witness } = await startNode({ pool, name: randomUUID() });
    const hub = createHub({ log });
    onTestEnd(() => hub.close());
    const writer = async () => {
      for (let times = 0; times < 50; times += 1) {
        await transact(pool, async (client) => {
          const text = "UPDATE counter SET n = n + 1 RETURNING n";
          // An event that is written before its place in the order is known.
          await hub.within(client).broadcast("message", "early");
          const { rows } = await client.query<{ n: number }>(text);
          await hub.within(client).broadcast("message", String(rows[0]?.n));
        });
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, writer));
    await log.catchUp();
    const expected = Array.from({ length: WRITERS * 50 }, (_, n) => ["early", String(n + 1)]);
    expect(witness.record).toEqual(expected.flat());
  });
});
