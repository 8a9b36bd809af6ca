import type { StreamConnection } from "../connection/stream-connection.js";

/**
 * How many connections this node may have at once. A browser above a limit is told to ask again later; a
 * connection that is open is never ended by a limit.
 */
export interface Limits {
  /** Connections of this node. @default no limit */
  connections?: number | undefined;
  /** Connections of one user: users with equal data are one user. @default no limit */
  perUser?: number | undefined;
  /** Connections of one session. @default no limit */
  perSession?: number | undefined;
  /** Connections of one address, `req.ip`: set Express's `trust proxy` behind a proxy. @default no limit */
  perAddress?: number | undefined;
}

/** Counts connections for each limit that is set. Invariant: a count is the number of connections that entered. */
export class LimitCounter {
  readonly #limits: Limits;
  readonly #counts = new Map<string, number>();
  readonly #entered = new Map<StreamConnection, string[]>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Counts a connection for each limit, in the order of the keys. Returns the first limit that is reached. */
  findReached(
    connection: StreamConnection,
    keys: Readonly<Record<keyof Limits, () => string | undefined>>,
  ): keyof Limits | undefined {
    const limits = Object.keys(keys) as Array<keyof Limits>;
    return limits.find((limit) => !this.tryEnter(connection, limit, keys[limit]));
  }

  /** Counts a connection for one limit. False if the limit is reached. Without a key nothing is counted. */
  tryEnter(
    connection: StreamConnection,
    limit: keyof Limits,
    keyOf: () => string | undefined,
  ): boolean {
    const max = this.#limits[limit];
    const key = max === undefined ? undefined : keyOf();
    if (max === undefined || key === undefined) return true;
    const name = `${limit} ${key}`;
    const count = this.#counts.get(name) ?? 0;
    if (count >= max) return false;
    this.#counts.set(name, count + 1);
    this.#entered.set(connection, [...(this.#entered.get(connection) ?? []), name]);
    return true;
  }

  leave(connection: StreamConnection): void {
    for (const name of this.#entered.get(connection) ?? []) {
      const count = (this.#counts.get(name) ?? 0) - 1;
      if (count > 0) this.#counts.set(name, count);
      else this.#counts.delete(name);
    }
    this.#entered.delete(connection);
  }
}
