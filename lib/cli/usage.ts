/** The text of `--help`. */
export const USAGE = `Usage:
  express-sse-hub publish <event> <data> [options]   broadcasts an event, and prints its id
  express-sse-hub tail [options]                     prints what is published from now on

Data is sent as it is, such as '{"id":1}'. With - it is read from the standard input.

Options:
  --redis <url>      the Redis of the log; default: REDIS_URL of the environment
  --postgres <url>   the PostgreSQL of the log, such as postgres://user@host:5432/database
  --schema <schema>  the schema of its tables, if your postgresLog() has one
  --name <name>      the name of the log, if your redisLog() or postgresLog() has one
  --to <room>        publish: to this room; give it several times for several rooms
  --filter <json>    publish: to the users that this matcher matches, such as '{"profile":"Viewer"}'
  --retain <key>     publish: keep it under this key for browsers that connect later
  --volatile         publish: only for browsers that are connected now
  --help             prints this
`;

/** The arguments are wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
