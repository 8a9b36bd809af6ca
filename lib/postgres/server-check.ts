import { ServerError } from "../shared-log/server-error.js";
import { VERSION } from "./migration.js";
import type { PostgresSession, Statement } from "./postgres-session.js";

// The oldest version with the xid8 functions and the autovacuum options that the log uses.
const OLDEST = 130_000;

/** Rejects if the log cannot be on this server. */
export async function checkServer(session: PostgresSession, hello: Statement): Promise<void> {
  const [row] = await session.query(hello);
  const problem = problemOf(row ?? {});
  if (problem !== null) throw new ServerError(session.server, new Error(problem));
}

function problemOf(row: Readonly<Record<string, string | null>>): string | null {
  if (Number(row.server_version) < OLDEST) return `OLD ${row.server_version}`;
  if (row.is_replica === "t") return "REPLICA in recovery";
  // No row: the operator has deleted it, so that the log starts with a new epoch.
  if (row.version != null && Number(row.version) !== VERSION) {
    return `VERSION ${row.version} of the tables, expected ${VERSION}`;
  }
  return null;
}
