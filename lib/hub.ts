import type { Broadcaster } from "./broadcaster.js";
import type { Connection, EndReason } from "./connection/connection.js";
import type { Limits } from "./connection/limits.js";
import type { PresentUser } from "./connection/presence.js";
import type { Filter } from "./delivery/audience.js";
import type { Matcher } from "./delivery/matcher.js";
import { HubCore } from "./hub-core.js";
import type { HubEvents } from "./hub-events.js";
import type { EventLog } from "./log/event-log.js";
import { resolveHubOptions } from "./resolve-options.js";

/** Options of {@link createHub}. An unknown key is an error. */
export interface HubOptions {
  /** Where broadcasts are kept for readers that are behind or away. @default memoryLog() */
  log?: EventLog | undefined;
  /**
   * Milliseconds between signs of life on a quiet stream; `null` for none. Below the 60 s after which
   * common proxies give up. @default 25_000
   */
  heartbeatMs?: number | null | undefined;
  /**
   * Milliseconds a browser waits before it returns, or a range to draw from for each connection, so
   * that returns spread out. @default [1_000, 3_000]
   */
  retryMs?: number | readonly [min: number, max: number] | undefined;
  /** The most an event's data may be, in bytes of UTF-8. @default 1_048_576 (1 MiB) */
  maxPayloadBytes?: number | undefined;
  /**
   * Bytes that may wait in one socket before its connection is behind: from then on nothing is pushed,
   * and it reads on from the log when its socket drains. @default 65_536 (64 KiB)
   */
  maxBufferedBytes?: number | undefined;
  /**
   * Milliseconds without one byte taken, while bytes wait, after which a socket is destroyed. The
   * browser returns and resumes. Kernels take bytes in steps of up to 2 MB, so a reader that is always
   * behind and slower than a step per `stallMs` (about 70 kB/s) is seen as stalled. @default 30_000
   */
  stallMs?: number | undefined;
  /** How many connections there may be; one above is put off. @default no limits */
  limits?: Limits | undefined;
  /**
   * Milliseconds after which a stream ends, give or take a fifth; its browser returns and resumes.
   * `null` for no limit. @default 3_600_000 (1 h)
   */
  maxConnectionAgeMs?: number | null | undefined;
  /**
   * Milliseconds after which the session of an open stream is read again, for changes that no store
   * call in this process told of; `null` for never. @default 60_000
   */
  revalidateMs?: number | null | undefined;
  /** What becomes of open streams whose session the store fails to give. @default "end" */
  onStoreError?: "end" | "keep" | undefined;
}

/** What {@link Hub.stats} tells. Counts begin with the hub and only rise, unless said otherwise. */
export interface HubStats {
  /** Open now. */
  readonly connections: number;
  /** Open now and not at the head of the log: just come, or slow. */
  readonly behind: number;
  /** What the log holds now. */
  readonly log: { readonly entries: number; readonly bytes: number };
  /** Events written live, once for each connection. */
  readonly delivered: number;
  /** Events written from the log to connections that were behind, retained ones included. */
  readonly replayed: number;
  /** Volatile events that a connection did not get because it was behind. */
  readonly dropped: number;
  /** Times a connection was overtaken by the log and told so. */
  readonly gaps: number;
  /** Ends by reason; `refused` are those that were never let in. */
  readonly closed: Readonly<Partial<Record<EndReason, number>>>;
}

/** The server's side of all streams: one for an application, shared by its routes. */
export interface Hub extends Broadcaster {
  /** Number of open connections on this node. */
  readonly size: number;
  /**
   * The connections of this node, or those the filter matches.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  connections(filter?: Filter): Connection[];
  /**
   * Ends the streams of the users that match; their browsers return through the application's
   * middleware, as whoever they are then, and get what they missed. For changes that are in no
   * session: a role in the database.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  refresh(matcher: Matcher): Promise<void>;
  /**
   * Ends the streams of the users that match, for good: their browsers do not return by themselves. A
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
   * Who is there on this node, with the number of connections: each user once, tags that are equal
   * being one user. A page that reloads stays in for a few seconds with 0 connections.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  users(matcher?: Matcher): Promise<PresentUser[]>;
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
   * @param options.timeoutMs default 5_000
   */
  close(options?: { timeoutMs?: number | undefined }): Promise<void>;
}

/** Makes a hub. @throws SseHubTypeError `ERR_SSE_OPTION` */
export function createHub(options: HubOptions = {}): Hub {
  return new HubCore(resolveHubOptions(options));
}
