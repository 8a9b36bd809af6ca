import { ENTRY_COLUMNS } from "./entry.js";
import { NOW_MS } from "./functions.js";
import { nameParts } from "./log-names.js";
import type { ResolvedPlace } from "./place.js";
import type { Statement } from "./postgres-session.js";
import { RUN_TEXTS } from "./runs/run-statements.js";

const MOMENT = `m.epoch, m.trimmed, m.trimmed_event, ${NOW_MS} AS now`;
const HEAD =
  "greatest((SELECT position FROM {log} ORDER BY position DESC LIMIT 1), m.trimmed) AS head";
const EVENT =
  "greatest((SELECT position FROM {log} WHERE kind = 'event' ORDER BY position DESC LIMIT 1), " +
  "m.trimmed_event) AS event";

// Returns at least one row, with the state of the log at that moment. Its entry columns are null if there is no entry.
const entries = (condition: string, order: string) =>
  `SELECT ${MOMENT}, ${ENTRY_COLUMNS} FROM {meta} AS m LEFT JOIN LATERAL ` +
  `(SELECT * FROM {log} WHERE position ${condition} $1 ORDER BY position ${order} LIMIT $2) AS l ` +
  `ON true ORDER BY l.position ${order}`;

// The text of every statement that a log sends to the server.
const TEXTS = {
  /** Version of the server and of the tables, whether the server is a replica, and the channel for NOTIFY. */
  hello:
    "SELECT current_setting('server_version_num') AS server_version, pg_is_in_recovery() AS is_replica, " +
    "m.version, {channel}() AS channel FROM (SELECT) AS one LEFT JOIN {meta} AS m ON true",
  begin: "SELECT {begin}($1, $2, $3, $4, $5, $6)",
  state: `SELECT ${MOMENT}, ${HEAD}, ${EVENT} FROM {meta} AS m`,
  retained:
    "SELECT encode(key, 'hex') AS key, position, encode(head, 'hex') AS head, " +
    "encode(payload, 'hex') AS payload, expires FROM {kept} AS k " +
    "WHERE touch = (SELECT max(touch) FROM {kept} WHERE key = k.key) " +
    `AND (expires IS NULL OR expires > ${NOW_MS}) ORDER BY touch`,
  append:
    "SELECT * FROM {append}($1, $2, $3::bigint[], $4::text[], $5::bytea[], $6::bytea[], $7::bytea[], " +
    "$8::bigint[])",
  within:
    "INSERT INTO {pending} (node, sequence, head, payload, retain, keep) VALUES ($1, $2, $3, $4, $5, $6)",
  /** The entries after a position, oldest first. */
  page: entries(">", "ASC"),
  /** The entry at a position and the entries before it, newest first. */
  older: entries("<=", "DESC"),
  head: `SELECT m.epoch, ${HEAD} FROM {meta} AS m`,
  alive:
    `INSERT INTO {nodes} (node, seen) VALUES ($1, ${NOW_MS}) ` +
    "ON CONFLICT (node) DO UPDATE SET seen = excluded.seen",
  leave: "DELETE FROM {nodes} WHERE node = $1",
  trim: "SELECT {trim}($1, $2, $3, $4) AS gone",
  nodes: `SELECT node FROM {nodes} WHERE seen > ${NOW_MS} - $1::bigint`,
  replies: "SELECT encode(answer, 'hex') AS answer FROM {answers} WHERE question = $1",
  ...RUN_TEXTS,
  reply: `INSERT INTO {answers} (question, answer, "time") VALUES ($1, $2, ${NOW_MS})`,
} as const;

/** The statements of a log, by their purpose. The server prepares each once per connection. */
export type LogStatements = Readonly<Record<keyof typeof TEXTS, Required<Statement>>>;

export function statementsOf(place: ResolvedPlace): LogStatements {
  const statements = Object.entries(TEXTS).map(([what, text]) => [
    what,
    { name: `sse ${what}`, text: nameParts(place, text) },
  ]);
  return Object.fromEntries(statements) as LogStatements;
}
