import type { Matcher } from "../audience/matcher.js";
import type { SseHubError } from "../errors/sse-hub-error.js";
import type { RunEndReason } from "../log/run-store.js";
import type { EventData, EventName } from "../wire/event.js";

/** How a run ended. */
export interface RunEnd {
  /**
   * `done`: its source ended. `failed`: its source threw, or the run exceeded its limits. `cancelled`:
   * `hub.cancel()`. `lost`: its process stopped, or did not renew the lease for `leaseMs`.
   */
  readonly reason: RunEndReason;
  /** Number of its events. */
  readonly events: number;
  /** Why it failed. This is never sent to browsers. */
  readonly error?: SseHubError;
}

/** The argument of the source of a run. */
export interface RunTools {
  /** Aborted if the run ends before its source does. Pass it to whatever does the work. */
  readonly signal: AbortSignal;
  /**
   * Sends an event with the given name. Returns false and does nothing if the run has ended.
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD`, `ERR_SSE_DATA`
   */
  readonly send: <E extends EventName>(event: E, data: EventData<E>) => boolean;
}

/**
 * Produces a run; it is called once. It returns items to iterate, or a promise for them: each item becomes an event. Or
 * it calls `send` itself and returns a promise: the run ends when that promise resolves.
 */
export type RunSource = (tools: RunTools) => RunItems | PromiseLike<RunItems> | PromiseLike<void>;

/** The items of a run. Strings are sent as they are, anything else as JSON. */
export type RunItems = AsyncIterable<unknown> | Iterable<unknown>;

/** Options of a run. */
export interface RunOptions {
  /** Who may follow the run: a matcher over the user, or `"everybody"`. Required. */
  for: Matcher | "everybody";
  /** The name of the events that the source's items become. @default `message`, which has no name on the wire */
  event?: EventName | undefined;
  /** Milliseconds for which the run can be followed after its end. @default 300_000 (5 min) */
  keepMs?: number | undefined;
  /** The largest number of events. One more ends the run as `failed` with `ERR_SSE_RUN_SIZE`. @default 10_000 */
  maxEvents?: number | undefined;
  /** The largest size of all events together, in bytes as they are sent, without ids. @default 4_194_304 (4 MiB) */
  maxBytes?: number | undefined;
  /** Milliseconds for which the process may not renew its lease before the run counts as `lost`. @default 10_000 */
  leaseMs?: number | undefined;
}

/** A finite stream with a name: produced once, followed any number of times, from its first event. */
export interface Run extends RunTools {
  readonly id: string;
  /**
   * Resolves when the run has ended. Rejects with `ERR_SSE_RUN_EXISTS` if a run with this id is running on another node,
   * and with `ERR_SSE_LOG` if the log did not accept the run. You need not await it: a rejection is also reported as the
   * hub's `error` event.
   */
  readonly done: Promise<RunEnd>;
}

/** A run in the result of `hub.runs()`. */
export interface RunInfo {
  readonly id: string;
  readonly state: "running" | RunEndReason;
  /** Who may follow it. */
  readonly for: Matcher | "everybody";
  /** When it began, in milliseconds since 1970. */
  readonly since: number;
  /** Number of streams that follow it now, on all nodes. */
  readonly followers: number;
  readonly events: number;
  /** Size of its events in bytes as they are sent, without ids. */
  readonly bytes: number;
}

/** A matcher over the members of {@link RunInfo}, such as `{ state: "running", "for.id": 7 }`. */
export type RunMatcher = Readonly<Record<string, unknown>>;

/** Options of {@link Runner.cancel}. */
export interface CancelOptions {
  /** Cancel the run only if it is for this user: `{ by: req.sse.user }`. Left out: cancel it in any case. */
  by?: object | undefined;
}

/** Produces runs: a hub, or a `publisher()`. */
export interface Runner {
  /**
   * Begins a run, such as the answer of a model or the progress of a job. The run goes on when its readers leave. Its
   * record is where the log is: in this process, in Redis or in PostgreSQL.
   *
   * @param id your id for the run, `[A-Za-z0-9_.-]{1,128}`. After the end of a run, you may use its id again
   * @throws SseHubTypeError `ERR_SSE_OPTION`, `ERR_SSE_FILTER`, `ERR_SSE_FIELD`
   * @throws SseHubError `ERR_SSE_RUN_EXISTS` while a run of this process has the id, `ERR_SSE_CLOSED`
   */
  run(id: string, source: RunSource, options: RunOptions): Run;
  /**
   * Ends a run as `cancelled`, on any node: its `signal` is aborted, and `return()` of its iterator is called. A process
   * that does not answer within `leaseMs` counts as gone.
   *
   * Resolves with true once the run has ended. Resolves with false if there is no such run, if it had already ended, or
   * if it is not for the user in `by`.
   *
   * @throws SseHubTypeError `ERR_SSE_OPTION`
   */
  cancel(id: string, options?: CancelOptions): Promise<boolean>;
}
