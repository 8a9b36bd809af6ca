import { ServerError } from "../shared-log/server-error.js";

/**
 * A pool of the package `pg` 8. The log opens connections of its own with the pool's options; it takes no connection
 * from the pool, and never ends it.
 */
export interface PostgresPool {
  readonly options: object;
  connect(...args: never[]): unknown;
}

/** The part of a client of `pg` 8 that is used here. */
export interface PostgresClient {
  readonly host: string;
  readonly port: number;
  connect(): Promise<unknown>;
  query(config: object): Promise<{ readonly rows: unknown }>;
  end(): Promise<void>;
  /** Early versions do not have it. */
  unref?(): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(
    event: "end" | "notification",
    listener: (...messages: ReadonlyArray<{ readonly payload?: string | undefined }>) => void,
  ): unknown;
}

/** Makes a client of `pg`. The client is not connected yet. */
export type CreateClient = () => Promise<PostgresClient>;

type ClientClass = new (config: object) => PostgresClient;

/** Makes clients with the options of a pool; `null` if it is not a pool of `pg`. */
export function createFromPool(pool: object): CreateClient | null {
  const { options, Client, connect } = pool as {
    readonly options?: { readonly password?: unknown };
    readonly Client?: ClientClass;
    readonly connect?: unknown;
  };
  if (typeof options !== "object" || typeof Client !== "function") return null;
  if (typeof connect !== "function") return null;
  // The password is there, but not enumerable.
  const { password } = options;
  const config = { ...options, ...(password === undefined ? {} : { password }) };
  return () => Promise.resolve(new Client(ownConfig(config)));
}

/** Makes clients for a connection string, with the installed package `pg`. */
export function createFromString(connectionString: string): CreateClient {
  return async () => {
    const { default: pg } = await import("pg").catch((cause: unknown) => {
      throw isMissing(cause) ? new ServerError(new URL(connectionString).host, MISSING) : cause;
    });
    return new pg.Client(ownConfig({ connectionString }));
  };
}

// Without timeouts of the client: the server would go on with a statement that the client has given up. The log has its
// own timeouts, which end the connection.
function ownConfig(config: object): object {
  return {
    ...config,
    query_timeout: 0,
    connectionTimeoutMillis: 0,
    keepAlive: true,
    types: { getTypeParser: () => (text: string) => text },
  };
}

// ERR_MODULE_NOT_FOUND from import(), MODULE_NOT_FOUND in the CommonJS build, where it is require().
function isMissing(cause: unknown): boolean {
  return String((cause as { code?: unknown } | null)?.code).endsWith("MODULE_NOT_FOUND");
}

const MISSING = new Error("PACKAGE The package pg could not be loaded. Run: npm install pg");
