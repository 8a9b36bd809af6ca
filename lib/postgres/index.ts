export { postgresLog } from "./postgres-log.js";
export type { PostgresLogOptions, MigrateOptions } from "./postgres-log-options.js";
export type { PostgresPool } from "./postgres-client.js";
export type { Place } from "./place.js";
export { migrate } from "./migrate.js";
export { migrationSql } from "./migration.js";
export type { Publisher } from "../publish/publisher.js";
export { publisher, type PublisherOptions } from "./publisher.js";
