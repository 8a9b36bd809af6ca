// Four ways to give events of transactions one order for all readers, on one PostgreSQL:
//   node spec/bench/order.mjs postgres://user@localhost:5432/database [seconds]
// It makes tables in a schema of its own, and drops it.
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";

const [url, seconds = "10"] = process.argv.slice(2);
const RUN_MS = Number(seconds) * 1_000;
const WRITERS = 8;
const LONG_MS = 2_000;

const TABLES = `
CREATE TABLE work (n bigint);
CREATE TABLE outbox (id bigserial, xid xid8 DEFAULT pg_current_xact_id(), sent float8);
CREATE TABLE log (position bigserial PRIMARY KEY, sent float8);
CREATE INDEX ON outbox (xid, id);
CREATE FUNCTION order_now() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_advisory_xact_lock(1);
  INSERT INTO log (sent) VALUES (NEW.sent);
  PERFORM pg_notify('moved', '');
  RETURN NULL;
END $$;
CREATE FUNCTION wake() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_notify('moved', ''); RETURN NULL;
END $$;
`;

const FROM_LOG = "SELECT position AS place, sent FROM log WHERE position > $1 ORDER BY position";
const WAYS = {
  "a lock at the broadcast": {
    ddl: "CREATE TRIGGER t AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION order_now()",
    read: FROM_LOG,
  },
  "a lock at the commit": {
    ddl:
      "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON outbox DEFERRABLE INITIALLY DEFERRED " +
      "FOR EACH ROW EXECUTE FUNCTION order_now()",
    read: FROM_LOG,
  },
  "the horizon of snapshots": {
    ddl: "CREATE TRIGGER t AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION wake()",
    // In the order of the transactions' ids, behind which nothing can appear any more.
    read:
      "SELECT row_number() OVER () + $1 AS place, sent FROM (SELECT sent FROM outbox " +
      "WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, id OFFSET $1) AS seen",
  },
  "a sequencer": {
    ddl: "CREATE TRIGGER t AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION wake()",
    move:
      "WITH gone AS (DELETE FROM outbox RETURNING id, sent), added AS (INSERT INTO log (sent) " +
      "SELECT sent FROM gone ORDER BY id RETURNING 1) SELECT pg_notify('read', '') FROM added LIMIT 1",
    read: FROM_LOG,
  },
};

async function connect() {
  const client = new pg.Client({ connectionString: url, options: "-c search_path=sse_order" });
  await client.connect();
  return client;
}

// Runs at each notification of a channel, once more where one came meanwhile.
async function onNotification(channel, run) {
  const client = await connect();
  let [isDue, isOver] = [true, false];
  let wake = () => undefined;
  client.on("notification", () => {
    isDue = true;
    wake();
  });
  await client.query(`LISTEN ${channel}`);
  const running = (async () => {
    while (!isOver) {
      isDue = false;
      await run(client);
      // What waits for a horizon is told by nobody.
      if (!isDue) await Promise.race([wait(50), new Promise((resolve) => (wake = resolve))]);
    }
    await client.end();
  })();
  return async () => {
    isOver = true;
    wake();
    await running;
  };
}

async function transact(client, holdMs) {
  await client.query("BEGIN");
  await client.query("INSERT INTO work VALUES (1)");
  const { rows } = await client.query("INSERT INTO outbox (sent) VALUES (0) RETURNING id");
  await wait(holdMs);
  await client.query("UPDATE work SET n = n WHERE false");
  const sentAt = performance.timeOrigin + performance.now();
  await client.query("COMMIT");
  return { id: rows[0].id, sentAt };
}

const quantile = (sorted, q) => sorted[Math.floor(sorted.length * q)] ?? 0;

async function measure(way) {
  const setup = await connect();
  await setup.query("DROP SCHEMA IF EXISTS sse_order CASCADE; CREATE SCHEMA sse_order");
  await setup.query(`SET search_path = sse_order; ${TABLES} ${way.ddl}`);
  const [delays, committed] = [[], []];
  let [place, read] = [0, 0];
  const reader = await onNotification(way.move === undefined ? "moved" : "read", async (client) => {
    const { rows } = await client.query(way.read, [place]);
    if (rows.length > 0) place = Number(rows.at(-1).place);
    const now = performance.timeOrigin + performance.now();
    // Which of the commits it is does not matter: as many were sent as are read, the oldest first.
    for (const sentAt of committed.slice(read, read + rows.length)) delays.push(now - sentAt);
    read += rows.length;
  });
  const mover =
    way.move === undefined
      ? null
      : await onNotification("moved", (client) => client.query(way.move));
  const until = performance.now() + RUN_MS;
  const writer = async (holdMs) => {
    const client = await connect();
    while (performance.now() < until) committed.push((await transact(client, holdMs)).sentAt);
    await client.end();
  };
  const writers = Array.from({ length: WRITERS }, () => writer(1));
  await Promise.all([...writers, writer(LONG_MS)]);
  await wait(500);
  await mover?.();
  await reader();
  await setup.query("DROP SCHEMA sse_order CASCADE");
  await setup.end();
  delays.sort((a, b) => a - b);
  return { perSecond: committed.length / Number(seconds), delays, read, sent: committed.length };
}

for (const [name, way] of Object.entries(WAYS)) {
  const { perSecond, delays, read, sent } = await measure(way);
  const [p50, p99, max] = [0.5, 0.99, 1].map((q) =>
    (q === 1 ? delays.at(-1) : quantile(delays, q)).toFixed(1),
  );
  console.log(
    `${name}: ${Math.round(perSecond)} commits/s, delay p50 ${p50} ms, p99 ${p99} ms, max ${max} ms, ` +
      `read ${read} of ${sent}`,
  );
}
