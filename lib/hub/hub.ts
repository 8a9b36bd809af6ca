import type { ClosableServer, CloseWithOptions } from "./close-with.js";
import type { Broadcaster } from "../publish/broadcaster.js";
import type { Connection } from "../connection/connection.js";
import type { PresentUser } from "../cluster/present-user.js";
import type { Filter } from "../audience/audience.js";
import type { Matcher } from "../audience/matcher.js";
import type { HubEvents } from "../publish/hub-events.js";
import type { RunInfo, RunMatcher, Runner } from "../run/run.js";
import type { CloseOptions } from "./hub-options.js";
import type { HubStats } from "./hub-stats.js";
import type { LogHealth } from "../log/event-log.js";
import type { TransactionBroadcaster } from "../publish/transaction-broadcaster.js";

export type { HubStats };

/** The state of the log as this node sees it; returned by {@link Hub.health}. */
export interface HubHealth extends LogHealth {
  /** The epoch of the log that this node reads; empty until a shared log was reached for the first time. */
  readonly epoch: string;
  /** What is wrong with the log and what to do about it; `null` if nothing is. */
  readonly problem: string | null;
}

/** The server side of all streams. An application normally has one hub, which all its routes share. */
export interface Hub extends Broadcaster, Runner {
  /** Number of open connections on this node. */
  readonly size: number;
  /**
   * The connections of this node, or those that the filter matches.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  connections(filter?: Filter): Connection[];
  /**
   * Sends events as part of your database transaction: an event is delivered if and only if the transaction
   * commits. Needs a log in the same database, such as `postgresLog()`.
   *
   * @param transaction the client that runs the transaction, such as the one that `pool.connect()` of `pg` returns
   *
   * @example
   * await client.query("BEGIN");
   * await client.query("INSERT INTO orders (item) VALUES ($1)", [item]);
   * await hub.within(client).broadcast("order", { item });
   * await client.query("COMMIT"); // now, and only now, the browsers receive the event
   *
   * @throws SseHubTypeError `ERR_SSE_OPTION` if the log cannot do this, or if `transaction` is not a client
   */
  within(transaction: object): TransactionBroadcaster;
  /**
   * Ends the streams of the users that match, on every node. Their browsers reconnect through the application's
   * middleware, as the user of that moment, and receive what they missed. Use it for changes that are not in the
   * session, such as a role in your database.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  refresh(matcher: Matcher): Promise<void>;
  /**
   * Ends the streams of the users that match, on every node and for good: their browsers do not reconnect by
   * themselves. A page that the user loads again opens a stream again: to ban a user, change what your user
   * function or session says about the user.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  disconnect(matcher: Matcher): Promise<void>;
  /**
   * Observes a session store, so that changes to sessions through this store end the streams that no longer match.
   * You need it only in a process that changes sessions and serves no route with `sse()`; the stores of
   * requests that pass through `sse()` are observed automatically.
   *
   * @throws SseHubTypeError `ERR_SSE_OPTION` if the argument is not a store
   */
  observe(store: object): void;
  /**
   * The users that are connected on all nodes, each with the number of connections. Users with equal data are one
   * user. While a page reloads, its user stays in the list for a few seconds with 0 connections.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  users(matcher?: Matcher): Promise<PresentUser[]>;
  /**
   * The number of open connections on all nodes, or of those whose user matches.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  count(matcher?: Matcher): Promise<number>;
  /**
   * The runs of all nodes whose record is still kept, or those that match: `hub.runs({ state: "running" })`.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  runs(matcher?: RunMatcher): Promise<RunInfo[]>;
  /**
   * The state of the log as this node sees it, for monitoring. Do not take a node out of the load balancer because
   * it is `degraded`: its streams stay open and recover by themselves, and the other nodes use the same log.
   */
  health(): HubHealth;
  /** What this node has done since the hub was made. */
  stats(): HubStats;
  on<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): this;
  once<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): this;
  off<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): this;
  /**
   * Drains the hub: it admits no new stream, and ends each open stream after telling its browser to reconnect.
   * Resolves when the sockets have closed; after `timeoutMs` the remaining ones are destroyed. Call it before
   * `server.close()`. A second call returns the same promise.
   *
   * Runs of this process end as `lost`, unless they end by themselves within `drainMs`.
   */
  close(options?: CloseOptions): Promise<void>;
  /**
   * Shuts down cleanly: at SIGTERM or SIGINT it drains this hub, closes the server and ends the process, all
   * within `timeoutMs`. If the application listens to the signal too, ending the process is left to the application.
   *
   * ```ts
   * hub.closeWith(app.listen(3000));
   * ```
   *
   * @returns a function that removes the signal listeners
   * @throws SseHubTypeError `ERR_SSE_OPTION`
   */
  closeWith(server: ClosableServer, options?: CloseWithOptions): () => void;
}
