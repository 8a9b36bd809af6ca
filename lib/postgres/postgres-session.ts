import { SseHubError } from "../errors/sse-hub-error.js";
import { ANSWER_MS, type LogSession } from "../shared-log/log-session.js";
import { ServerError } from "../shared-log/server-error.js";
import { withTimer } from "../shared-log/timer.js";
import type { CreateClient, PostgresClient } from "./postgres-client.js";

/** A row, all its columns as text. */
export type Row = Readonly<Record<string, string | null>>;

/** A statement. If it has a name, the server prepares it once per connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
}

// READ COMMITTED keeps the order: each statement takes a new snapshot after it has waited for the lock. The tables are
// always read by index, because the statistics may be from a time when the tables were empty.
const SETUP = `
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET client_min_messages = warning;
SET statement_timeout = 0;
SET lock_timeout = 0;
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
SET jit = off;
`;

/**
 * One connection to PostgreSQL. It never reconnects by itself. A statement without an answer ends it, because the server
 * may still run the statement later.
 */
export class PostgresSession implements LogSession {
  readonly server: string;
  readonly #client: PostgresClient;
  readonly #onEnd = new Set<() => void>();
  #lost: Error | null = null;
  // One statement at a time.
  #last: Promise<unknown> = Promise.resolve();

  /** Connects. Rejects if that fails or takes too long. */
  static async open(createClient: CreateClient): Promise<PostgresSession> {
    const session = new PostgresSession(await createClient());
    try {
      const connecting = session.#client.connect();
      await withTimer(connecting, ANSWER_MS, "PostgreSQL has not accepted the connection");
      await session.query({ text: SETUP });
    } catch (cause) {
      session.end(toError(cause));
    }
    if (session.#lost !== null) throw session.#lost;
    return session;
  }

  private constructor(client: PostgresClient) {
    this.#client = client;
    const { host, port } = client;
    this.server = host.startsWith("/") ? `${host}/.s.PGSQL.${port}` : `${host}:${port}`;
    client.on("error", (cause) => {
      this.end(toError(cause));
    });
    client.on("end", () => {
      this.end(new Error("The connection was closed"));
    });
  }

  get lost(): Error | null {
    return this.#lost;
  }

  onEnd(callback: () => void): void {
    this.#onEnd.add(callback);
  }

  /** Calls back whenever a notification arrives, with its payload. */
  onNotification(callback: (payload: string) => void): void {
    this.#client.on("notification", (message) => {
      callback(message?.payload ?? "");
    });
  }

  end(cause: Error): void {
    if (this.#lost !== null) return;
    this.#lost = cause instanceof SseHubError ? cause : new ServerError(this.server, cause);
    // Not awaited: a server that hangs never closes the connection.
    this.#client.end().catch(() => undefined);
    this.#client.unref?.();
    for (const callback of this.#onEnd) callback();
  }

  /** Runs a statement. An error while `lost` is `null` is the server's answer, so the statement had no effect. */
  query({ name, text }: Statement, values?: readonly unknown[]): Promise<Row[]> {
    const result = this.#last.then(() =>
      this.#run(
        values === undefined
          ? { text }
          : { ...(name === undefined ? {} : { name }), text, values: [...values] },
      ),
    );
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #run(config: object): Promise<Row[]> {
    if (this.#lost !== null) throw this.#lost;
    const answer = this.#client.query(config).catch((cause: unknown) => {
      const error = toError(cause);
      // After any other error, it is not known whether the server has run the statement.
      if (!isRefusal(cause)) this.end(error);
      throw error;
    });
    const { rows } = await withTimer(answer, ANSWER_MS, "PostgreSQL has not answered", (late) => {
      this.end(late);
    });
    return rows as Row[];
  }
}

/** The SQLSTATE of an error of the server; empty for any other error. */
export function sqlStateOf(cause: unknown): string {
  return /^([0-9A-Z]{5}) /.exec((cause as Error).message)?.[1] ?? "";
}

// The other severities, FATAL and PANIC, end the connection.
function isRefusal(cause: unknown): boolean {
  return (cause as { severity?: unknown } | null)?.severity === "ERROR";
}

// The message begins with the SQLSTATE, so that it is recognized in every language of the server.
function toError(cause: unknown): Error {
  const { code, severity, message } = cause as Error & { code?: string; severity?: string };
  return severity === undefined ? (cause as Error) : new Error(`${code} ${message}`, { cause });
}
