import type { LostReason } from "../log/cursor.js";
import type { User } from "../user/user.js";
import type { EventData, EventName } from "../wire/event.js";

/** The content of `hub:open`, the first event of a stream, besides the connection's id. */
export interface Opened {
  /** `null` on a first visit, `true` if the missed events follow, `false` if they cannot be sent. */
  readonly recovered: boolean | null;
  /** If `recovered` is false: why the missed events cannot be sent. */
  readonly reason?: LostReason;
}

/** One open response and its user. */
export interface Connection {
  /** Random, and not derived from the session's id: safe to show to the page. */
  readonly id: string;
  /** The user at the time of the request, frozen. `undefined` without a user, or until the user is known. */
  readonly user: User | undefined;
  readonly rooms: ReadonlySet<string>;
  /** Aborted when the stream ends, with an SseHubError as reason. Pass it to whatever feeds the stream. */
  readonly signal: AbortSignal;
  /** Resolves once `hub:open` is written. Rejects with an SseHubError if the stream ends before. */
  readonly opened: Promise<Opened>;
  /**
   * Sends an event to this connection only. The event has no id and does not go through the log. Nothing is
   * queued: `false` means that nothing was sent, because the stream is not open yet, is behind, or has ended.
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD`, `ERR_SSE_DATA`
   */
  send<E extends EventName>(event: E, data: EventData<E>): boolean;
  /**
   * Sends each item of a source as an event, at the pace of the browser: the source is asked for the next item
   * when the socket can take more. Resolves at the end of the source; the stream stays open, see {@link end}.
   * When the browser leaves, the source's `return()` is called and the promise resolves.
   *
   * If the source throws, the promise rejects with its error and the stream ends with reason `error`.
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD`; `ERR_SSE_SOURCE` if the source cannot be iterated
   */
  stream<E extends EventName>(
    source: AsyncIterable<EventData<E>> | Iterable<EventData<E>>,
    event: E,
  ): Promise<void>;
  /**
   * Adds rooms. After the tick of `req.sse.join()`, a new room only counts for events from now on, and the
   * browser is not in it when it reconnects.
   */
  join(...rooms: string[]): void;
  leave(...rooms: string[]): void;
  /** Ends the stream. The browser reconnects through the application's middleware. */
  close(): void;
  /** Ends the stream for good with reason `done`: the browser does not reconnect. */
  end(): void;
}
