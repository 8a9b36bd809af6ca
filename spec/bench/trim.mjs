// What the tables of a log in PostgreSQL take while millions of events pass through it:
//   npm run bench -- --quick --only nodes    # builds the package into this folder
//   node spec/bench/trim.mjs postgres://user@localhost:5432/database [millions]
import pg from "pg";
import { migrationSql } from "./dist/hub/postgres/index.js";

const [url, millions = "10"] = process.argv.slice(2);
const EVENTS = Number(millions) * 1_000_000;
const BATCH = 256;
const BOUNDS = [200_000, 64 * 1_048_576, 600_000, 2_000];
const TRIM_EVERY = Math.floor(200_000 / 64 / BATCH);

const client = new pg.Client(url);
await client.connect();
await client.query(migrationSql({ name: "bench_trim" }));
await client.query("SELECT bench_trim_begin(1, 'bench', '', 0, '', 0)");
const size = async () => {
  const { rows } = await client.query(
    `SELECT pg_total_relation_size('bench_trim_log') / 1048576.0 AS mib,
       (SELECT count(*) FROM bench_trim_log) AS rows`,
  );
  return rows[0];
};
const head = '{"rooms":null,"filter":null,"except":null,"retainKey":null,"isVolatile":false}';
const { rows } = await client.query("SELECT last_value AS last FROM bench_trim_positions");
const sentBefore = Number(rows[0].last);
let [peak, trimMs, slowest] = [0, 0, 0];
const began = performance.now();
for (let sent = 0, batches = 0; sent < EVENTS; sent += BATCH) {
  await client.query(
    `SELECT count(*) FROM bench_trim_append('bench', 'bench',
       ARRAY(SELECT $1::bigint + n FROM generate_series(1, $2) AS n), array_fill('event'::text, ARRAY[$2]),
       array_fill($3::bytea, ARRAY[$2]), array_fill($4::bytea, ARRAY[$2]), array_fill(NULL::bytea, ARRAY[$2]),
       array_fill(NULL::bigint, ARRAY[$2]))`,
    [sentBefore + sent, BATCH, Buffer.from(head), Buffer.alloc(100, "x")],
  );
  batches += 1;
  if (batches % TRIM_EVERY === 0) {
    const at = performance.now();
    for (let gone = BOUNDS[3]; gone === BOUNDS[3];) {
      const result = await client.query("SELECT bench_trim_trim($1, $2, $3, $4) AS gone", BOUNDS);
      gone = result.rows[0].gone;
    }
    trimMs += performance.now() - at;
    slowest = Math.max(slowest, performance.now() - at);
  }
  if (batches % 2_000 === 0) {
    const { mib, rows } = await size();
    peak = Math.max(peak, Number(mib));
    console.log(`${sent + BATCH} events: ${rows} rows, ${Number(mib).toFixed(0)} MiB`);
  }
}
const seconds = (performance.now() - began) / 1_000;
console.log(
  `${EVENTS} events in ${seconds.toFixed(0)} s; at most ${peak.toFixed(0)} MiB; trimming took ` +
    `${(trimMs / 10 / seconds).toFixed(1)} % of the time, ${slowest.toFixed(0)} ms at most`,
);
await client.query("DELETE FROM bench_trim_meta");
await client.end();
