import type { LostReason } from "../log/cursor.js";
import type { User } from "../user/user.js";
import type { EventData, EventName } from "../wire/event.js";

/** What the first event of a stream says, besides the connection's id. */
export interface Opened {
  /** `null` on a first visit, `true` when what was missed follows, `false` when it cannot. */
  readonly recovered: boolean | null;
  /** Why it cannot, where `recovered` is false. */
  readonly reason?: LostReason;
}

/** One open response and the user it is tagged with. */
export interface Connection {
  /** Random, and never the session's id: safe to hand to the page. */
  readonly id: string;
  /** The user of the session at join, frozen; `undefined` without one, or until it is known. */
  readonly user: User | undefined;
  readonly rooms: ReadonlySet<string>;
  /** Aborted when the stream ends, with an SseHubError as reason. Give it to what feeds the stream. */
  readonly signal: AbortSignal;
  /** Resolves once `hub:open` is written. Rejects with an SseHubError if the stream ends before. */
  readonly opened: Promise<Opened>;
  /**
   * Sends to this connection only, without id and past the log. Nothing is queued: `false` means that
   * nothing was written, because the stream is not open yet, is behind, or has ended.
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD`, `ERR_SSE_DATA`
   */
  send<E extends EventName>(event: E, data: EventData<E>): boolean;
  /**
   * Sends each item of a source as an event, at the pace of the browser: the next is asked for when
   * the socket takes more. Resolves at the end of the source; the stream stays open, see {@link end}.
   * When the browser leaves, the source's `return()` is called and the promise resolves.
   *
   * Rejects with what the source throws; the stream then ends with reason `error`.
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD`, `ERR_SSE_SOURCE` for what cannot be iterated
   */
  stream<E extends EventName>(
    source: AsyncIterable<EventData<E>> | Iterable<EventData<E>>,
    event: E,
  ): Promise<void>;
  /**
   * Adds rooms. Later than in the tick of `req.sse.join()`, a room counts from now on only, and is not
   * remembered over a return.
   */
  join(...rooms: string[]): void;
  leave(...rooms: string[]): void;
  /** Ends the stream. The browser comes back through the application's middleware. */
  close(): void;
  /** Ends the stream for good: the browser is told `done`, and does not come back. */
  end(): void;
}
