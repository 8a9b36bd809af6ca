import { createTroubleOf, type KnownTrouble, type Trouble } from "../shared-log/trouble.js";

// The first that matches counts. Errors of the server begin with their SQLSTATE.
const KNOWN: readonly KnownTrouble[] = [
  {
    kind: "package",
    pattern: /^PACKAGE /,
    what: "cannot be used",
    remedy: "postgresLog({ connectionString }) needs the package pg.",
  },
  {
    kind: "password",
    pattern: /^28|password must be a string/i,
    what: "refuses the user or the password",
    remedy: "Check both in connectionString, or in the options of pool, and pg_hba.conf.",
  },
  {
    kind: "database",
    pattern: /^3D000 /,
    what: "has no such database",
    remedy: "Create it, or name another one in connectionString, or in the options of pool.",
  },
  {
    kind: "rights",
    pattern: /^42501 /,
    what: "denies the log a table, a sequence or a function",
    remedy: "Grant the user the rights that lib/postgres/README.md lists.",
  },
  {
    kind: "migration",
    pattern: /^(42P01|42883|3F000|42703|42804|VERSION) /,
    what: "has no tables of this version of the log",
    remedy: "Call migrate() of express-sse-hub/postgres, or run the SQL of migrationSql().",
  },
  {
    kind: "replica",
    pattern: /^(25006|55000) .*(read-only|recovery)|^REPLICA /,
    what: "is a replica, which takes no writes",
    remedy: "Name the primary server.",
  },
  {
    kind: "old",
    pattern: /^OLD /,
    what: "is too old",
    remedy: "The log needs PostgreSQL 13 or later.",
  },
  {
    kind: "disk",
    pattern: /^(53100|58030|58P0\d|53200) /,
    what: "has no room left and takes no writes",
    remedy: "Make room on its disk, or lower maxEvents and maxBytes of postgresLog().",
  },
  {
    kind: "connections",
    pattern: /^53300 /,
    what: "takes no more connections",
    remedy:
      "Raise max_connections, or lower max of your pools. Each node needs two for the log, or three with runs.",
  },
  {
    kind: "starting",
    pattern: /^57P0[123] |^57P05 /,
    what: "is starting, stopping, or has ended the connection",
    remedy: "The log waits for it.",
  },
  {
    kind: "silent",
    pattern: /has not answered|has not accepted the connection|timed? ?out/i,
    what: "does not answer",
    remedy: "Check that the server is alive and that nothing between drops the connection.",
  },
  {
    kind: "pooler",
    pattern: /^(26000|42P05|08P01) /,
    what: "does not keep prepared statements on the connection",
    remedy:
      "Give postgresLog() a direct connection, not one through a pgbouncer in transaction mode.",
  },
  {
    kind: "refused",
    pattern: /^[0-9A-Z]{5} /,
    what: "refuses a statement of the log",
    remedy: "Check that nothing else changes the tables of the log.",
  },
];

/** Says what an error of PostgreSQL means and what the operator can do. */
export const troubleOf = createTroubleOf("PostgreSQL", KNOWN);

/** The warning for a connection on which notifications do not arrive. */
export function deafTrouble(server: string): Trouble {
  return {
    kind: "deaf",
    text:
      `PostgreSQL at ${server} does not deliver notifications to the log, so events are up to ` +
      "1 s late. Give postgresLog() a direct connection: LISTEN does not work through a pgbouncer in transaction mode.",
  };
}
