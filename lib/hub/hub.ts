import type { ClosableServer, CloseWithOptions } from "./close-with.js";
import type { Broadcaster } from "../publish/broadcaster.js";
import type { Connection } from "../connection/connection.js";
import type { PresentUser } from "../cluster/presence.js";
import type { Filter } from "../audience/audience.js";
import type { Matcher } from "../audience/matcher.js";
import type { HubEvents } from "../publish/hub-events.js";
import type { RunInfo, RunMatcher, Runner } from "../run/run.js";
import type { CloseOptions } from "./hub-options.js";
import type { HubStats } from "./hub-stats.js";
import type { LogHealth } from "../log/event-log.js";
import type { TransactionBroadcaster } from "../publish/transaction-broadcaster.js";

export type { HubStats };

/** What {@link Hub.health} tells. */
export interface HubHealth extends LogHealth {
  /** The life of the log that this node reads; empty before a shared log was first reached. */
  readonly epoch: string;
  /** What is wrong with the log, and what to do; `null` for nothing. */
  readonly problem: string | null;
}

/** The server's side of all streams: one for an application, shared by its routes. */
export interface Hub extends Broadcaster, Runner {
  /** Number of open connections on this node. */
  readonly size: number;
  /**
   * The connections of this node, or those the filter matches.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  connections(filter?: Filter): Connection[];
  /**
   * Sends as a part of your transaction: an event is delivered if and only if that commits. Needs a log in the
   * same database, such as `postgresLog()`.
   *
   * @param transaction the client that runs the transaction, such as that of `pool.connect()` of `pg`
   *
   * @example
   * await client.query("BEGIN");
   * await client.query("INSERT INTO orders (item) VALUES ($1)", [item]);
   * await hub.within(client).broadcast("order", { item });
   * await client.query("COMMIT"); // from here on, and in no other case, browsers get it
   *
   * @throws SseHubTypeError `ERR_SSE_OPTION` for another log, or for what is no client
   */
  within(transaction: object): TransactionBroadcaster;
  /**
   * Ends the streams of the users that match, on every node; their browsers reconnect through the application's
   * middleware, with the user of that moment, and get what they missed. Use it for changes that are in no
   * session, such as a role in the database.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  refresh(matcher: Matcher): Promise<void>;
  /**
   * Ends the streams of the users that match, on every node and for good: their browsers do not return by themselves. A
   * page that is loaded anew is not stopped: to ban somebody, change the user.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  disconnect(matcher: Matcher): Promise<void>;
  /**
   * Observes a session store, so that what is done to sessions through it acts on open streams. Only
   * needed where sessions change in a process that serves no route with `sse()`; others are observed
   * by themselves.
   *
   * @throws SseHubTypeError `ERR_SSE_OPTION` for what is no store
   */
  observe(store: object): void;
  /**
   * Who is there, on all cluster, with the number of connections: each user once, tags that are equal
   * being one user. A page that reloads stays in for a few seconds with 0 connections.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  users(matcher?: Matcher): Promise<PresentUser[]>;
  /**
   * The number of open connections on all cluster, or of those whose user the matcher reaches.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  count(matcher?: Matcher): Promise<number>;
  /**
   * The runs that are not forgotten, on all nodes, or those that the matcher reaches: `hub.runs({ state: "running" })`.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  runs(matcher?: RunMatcher): Promise<RunInfo[]>;
  /**
   * How this node and its log are, for monitoring. `degraded` is no reason to take a node out of the
   * balancer: its streams stay open and recover by themselves, and the other cluster are no better.
   */
  health(): HubHealth;
  /** What this node has done since the hub was made. */
  stats(): HubStats;
  on<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): this;
  once<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): this;
  off<K extends keyof HubEvents>(event: K, listener: (...args: HubEvents[K]) => void): this;
  /**
   * Drains: no stream is let in any more, each open one is told to come back later and ends. Resolves
   * when their sockets have closed; those that take longer than `timeoutMs` are destroyed. Call it
   * before `server.close()`. Calling it again gives the same promise.
   *
   * Runs of this process end as `lost`, unless they end by themselves within `drainMs`.
   */
  close(options?: CloseOptions): Promise<void>;
  /**
   * Stops the process well: at SIGTERM or SIGINT it drains this hub, closes the server, and ends the process, all
   * within `timeoutMs`. If the application listens to the signal, too, it is left to the application to end the
   * process.
   *
   * ```ts
   * hub.closeWith(app.listen(3000));
   * ```
   *
   * @returns what takes it back
   * @throws SseHubTypeError `ERR_SSE_OPTION`
   */
  closeWith(server: ClosableServer, options?: CloseWithOptions): () => void;
}
