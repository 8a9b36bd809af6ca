import type { Matcher } from "../audience/matcher.js";
import type { SseHubError } from "../errors/sse-hub-error.js";
import type { RunEndReason } from "../log/run-store.js";
import type { EventData, EventName } from "../wire/event.js";

/** How a run ended. */
export interface RunEnd {
  /**
   * `done`: its source ended. `failed`: its source threw, or the run outgrew its bounds. `cancelled`:
   * `hub.cancel()`. `lost`: its process stopped, or gave no sign of life for `leaseMs`.
   */
  readonly reason: RunEndReason;
  /** Number of events it had. */
  readonly events: number;
  /** Why it failed. Pages are never told. */
  readonly error?: SseHubError;
}

/** What the source of a run is given. */
export interface RunTools {
  /** Aborted when the run has ended before its source: give it to what does the work. */
  readonly signal: AbortSignal;
  /**
   * Sends an event with a name of its own. Gives false, and does nothing, when the run has ended.
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD`, `ERR_SSE_DATA`
   */
  readonly send: <E extends EventName>(event: E, data: EventData<E>) => boolean;
}

/**
 * What produces a run, called once: it gives items to iterate over, each of which becomes an event, or a promise for
 * them; or it calls `send`, and the run ends when its promise resolves.
 */
export type RunSource = (tools: RunTools) => RunItems | PromiseLike<RunItems> | PromiseLike<void>;

/** The items of a run. Strings are sent as they are, anything else as JSON. */
export type RunItems = AsyncIterable<unknown> | Iterable<unknown>;

/** Options of a run. */
export interface RunOptions {
  /** Whom the run is for: a matcher over the user, or `"everybody"`. Required. */
  for: Matcher | "everybody";
  /** The name of the events that the source's items become. @default `message`, which has no name on the wire */
  event?: EventName | undefined;
  /** Milliseconds for which it can be followed after its end. @default 300_000 (5 min) */
  keepMs?: number | undefined;
  /** The most events it may have. One more ends it as `failed` with `ERR_SSE_RUN_SIZE`. @default 10_000 */
  maxEvents?: number | undefined;
  /** The most bytes its events may have, as they go over the wire without ids. @default 4_194_304 (4 MiB) */
  maxBytes?: number | undefined;
  /** Milliseconds without a sign of life after which its process counts as gone, and the run as `lost`. @default 10_000 */
  leaseMs?: number | undefined;
}

/** A finite stream with a name: produced once, followed any number of times, from its first event. */
export interface Run extends RunTools {
  readonly id: string;
  /**
   * Resolves when the run has ended. Rejects with `ERR_SSE_RUN_EXISTS` where a living run on another node has the id,
   * and with `ERR_SSE_LOG` where the log could not take the run. Need not be awaited: a rejection is reported as the hub's `error`.
   */
  readonly done: Promise<RunEnd>;
}

/** A run as `hub.runs()` tells of it. */
export interface RunInfo {
  readonly id: string;
  readonly state: "running" | RunEndReason;
  /** Whom it is for. */
  readonly for: Matcher | "everybody";
  /** When it began, in milliseconds since 1970. */
  readonly since: number;
  /** Streams that follow it now, on all nodes. */
  readonly followers: number;
  readonly events: number;
  /** Bytes of its events, as they go over the wire without ids. */
  readonly bytes: number;
}

/** Which runs are meant: a matcher over what {@link RunInfo} tells, such as `{ state: "running", "for.id": 7 }`. */
export type RunMatcher = Readonly<Record<string, unknown>>;

/** Options of {@link Runner.cancel}. */
export interface CancelOptions {
  /** Cancel only what is for this user: `{ by: req.sse.user }`. Left out: whatever it is for. */
  by?: object | undefined;
}

/** What produces runs: a hub, or a `publisher()`. */
export interface Runner {
  /**
   * Begins a run: the answer of a model, the progress of a job. It goes on when its readers leave. It lives
   * in the log: in this process, or in Redis.
   *
   * @param id the application's own, `[A-Za-z0-9_.-]{1,128}`. Once a run has ended, its id may be used again
   * @throws SseHubTypeError `ERR_SSE_OPTION`, `ERR_SSE_FILTER`, `ERR_SSE_FIELD`
   * @throws SseHubError `ERR_SSE_RUN_EXISTS` while a run of this process has the id, `ERR_SSE_CLOSED`
   */
  run(id: string, source: RunSource, options: RunOptions): Run;
  /**
   * Ends a run as `cancelled`, on whatever node it is produced: its `signal` is aborted, and `return()` of what it
   * iterates over is called. A process that does not answer within `leaseMs` counts as gone.
   *
   * Resolves with true once the run has ended; with false where there is no such run, where it had ended, or where
   * it is not for the user that `by` names.
   *
   * @throws SseHubTypeError `ERR_SSE_OPTION`
   */
  cancel(id: string, options?: CancelOptions): Promise<boolean>;
}
