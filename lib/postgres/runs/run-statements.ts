import { NOW_MS } from "../functions.js";

const COLUMNS = "id, token, audience, since, lease_ms, keep_ms, state, head, bytes";
const KNOWN = `expires > ${NOW_MS}`;

/** The text of every statement about runs. */
export const RUN_TEXTS = {
  runBegin: "SELECT {run_begin}($1, $2, $3, $4, $5, $6) AS begun",
  runWrite: "SELECT {run_write}($1, $2, $3, $4, $5, $6, $7) AS verdict",
  runLose: "SELECT verdict, rest FROM {run_lose}($1, $2, $3)",
  runFind: `SELECT ${COLUMNS} FROM {runs} WHERE id = $1 AND ${KNOWN} ORDER BY begun DESC LIMIT 1`,
  runList: `SELECT DISTINCT ON (id) ${COLUMNS} FROM {runs} WHERE ${KNOWN} ORDER BY id, begun DESC`,
  /** The state of each given run, and its entries after a position. At least one row for each run that exists. */
  runPage:
    "SELECT f.token, r.state, r.head, e.last, e.lengths, encode(e.payload, 'hex') AS payload " +
    "FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS f (id, token, after, ordinal) " +
    "JOIN {runs} AS r ON r.id = f.id AND r.token = f.token LEFT JOIN LATERAL " +
    "(SELECT * FROM {run_events} AS l WHERE l.id = f.id AND l.token = f.token AND l.last > f.after " +
    "ORDER BY l.last LIMIT $4) AS e ON true ORDER BY f.ordinal, e.last",
} as const;
