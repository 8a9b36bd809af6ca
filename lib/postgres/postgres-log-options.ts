import { SseHubTypeError } from "../errors/sse-hub-error.js";
import { isObject, optionReader, refusedOption } from "../options/option-reader.js";
import { parseUrl } from "../options/parse-url.js";
import { readPlace, type Place, type ResolvedPlace } from "./place.js";
import {
  createFromPool,
  createFromString,
  type CreateClient,
  type PostgresPool,
} from "./postgres-client.js";
import {
  isText,
  readSharedLogSettings,
  type SharedLogSettings,
} from "../shared-log/shared-log-settings.js";

/** Options of a `postgresLog()`. Give the same on all nodes of an application. */
export interface PostgresLogOptions extends Place {
  /**
   * The address of PostgreSQL: `postgres://user:password@host:port/database`. It must be a direct connection: LISTEN
   * does not work through a pgbouncer in transaction mode. Give this or `pool`.
   */
  connectionString?: string | undefined;
  /** A pool of `pg`. The log opens connections of its own with the options of this pool. */
  pool?: PostgresPool | undefined;
  /**
   * The key with which session ids are hashed. Someone who can read the database then cannot tell to which sessions
   * the hashes belong, even if they know some session ids. The same on every node. `null`: a fixed key that anybody
   * can know. @default null
   */
  secret?: string | null | undefined;
  /** Number of events kept. @default 200_000 */
  maxEvents?: number | undefined;
  /** Bytes of all events together. @default 67_108_864 (64 MiB) */
  maxBytes?: number | undefined;
  /** Milliseconds for which an event is kept; `null` for no limit. @default 600_000 */
  maxAgeMs?: number | null | undefined;
  /** Milliseconds that a broadcast waits for PostgreSQL before it is rejected. @default 5_000 */
  deadlineMs?: number | undefined;
}

/** {@link PostgresLogOptions} with every default filled in. */
export interface PostgresLogSettings extends ResolvedPlace, SharedLogSettings {
  readonly createClient: CreateClient;
}

/** Reads the options of `postgresLog()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolvePostgresLogOptions(options: PostgresLogOptions): PostgresLogSettings {
  const read = optionReader("postgresLog", options, [
    "connectionString",
    "pool",
    "schema",
    "name",
    "secret",
    "maxEvents",
    "maxBytes",
    "maxAgeMs",
    "deadlineMs",
  ]);
  const text = read("connectionString", "a string", isText);
  const pool = read("pool", POOL, isObject);
  return {
    createClient: toCreateClient("postgresLog", text, pool),
    ...readPlace(read),
    ...readSharedLogSettings(read),
  };
}

/** Options of `migrate()`. */
export type MigrateOptions = Pick<
  PostgresLogOptions,
  "connectionString" | "pool" | "schema" | "name"
>;

/** Reads the options of `migrate()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function resolveMigrateOptions(
  options: MigrateOptions,
): ResolvedPlace & Pick<PostgresLogSettings, "createClient"> {
  const read = optionReader("migrate", options, ["connectionString", "pool", "schema", "name"]);
  const text = read("connectionString", "a string", isText);
  const pool = read("pool", POOL, isObject);
  return { createClient: toCreateClient("migrate", text, pool), ...readPlace(read) };
}

function toCreateClient(
  owner: string,
  connectionString: string | undefined,
  pool: object | undefined,
): CreateClient {
  if ((connectionString === undefined) === (pool === undefined)) {
    const given = pool === undefined ? "neither connectionString nor pool" : "both";
    throw new SseHubTypeError(
      "ERR_SSE_OPTION",
      `${owner}() was given ${given}. Expected exactly one of them: a connectionString, or a pool whose options to use.`,
    );
  }
  if (connectionString !== undefined) {
    if (isPostgresUrl(connectionString)) return createFromString(connectionString);
    const given = connectionString.replace(/\/\/.*@/, "//…@");
    throw refusedOption(
      owner,
      "connectionString",
      given,
      'a URL such as "postgres://localhost:5432/shop"',
    );
  }
  const create = createFromPool(pool ?? {});
  if (create === null) throw refusedOption(owner, "pool", pool, POOL);
  return create;
}

const POOL = "a Pool of pg 8";

function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text) && parseUrl(text) !== undefined;
}
