import { SseHubError } from "../errors/sse-hub-error.js";
import { migrationSql } from "./migration.js";
import { resolveMigrateOptions, type MigrateOptions } from "./postgres-log-options.js";
import { PostgresSession } from "./postgres-session.js";
import { troubleOf } from "./trouble.js";

/**
 * Creates the tables and functions of a log, or updates them to the version of this package. Call it before the log is
 * used. You may call it at every start: existing events are kept, and nodes that start at the same time wait for each
 * other. It needs a role that may create tables in the schema; the log itself needs fewer rights.
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 */
export async function migrate(options: MigrateOptions): Promise<void> {
  const { createClient, schema, name } = resolveMigrateOptions(options);
  const text = migrationSql({ schema, name });
  let session: PostgresSession | undefined;
  try {
    session = await PostgresSession.open(createClient);
    await session.query({ text });
  } catch (cause) {
    throw new SseHubError("ERR_SSE_LOG", troubleOf(cause).text, { cause });
  } finally {
    session?.end(new Error("The migration is done."));
  }
}
