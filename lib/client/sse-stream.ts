import type { EventData, EventName } from "../wire/event.js";
import type { Trouble } from "./reconnect-delay.js";
import type { StreamState, Waiting } from "./signal.js";

/** The data of `hub:open`. */
export interface StreamVerdict {
  /** The connection's id, for `hub.except()` on the server. */
  readonly connection: string;
  /** `null`: a first visit. `true`: the missed events follow. `false`: load the state of the page again. */
  readonly recovered: boolean | null;
  /** Why the missed events cannot be sent: `trimmed`, `epoch` or `unknown`. */
  readonly reason?: string;
}

/** The second argument of a listener for {@link SseStream.onEnd}: with the answer, if it was not a stream. */
export interface StreamEnd extends Trouble {
  /** True if the stream does not reconnect by itself. */
  readonly isFinal: boolean;
}

/** The newest value of an event, made for `useSyncExternalStore` and the like. */
export interface Latest<E extends EventName = EventName> {
  /** `undefined` until the first event has arrived. */
  get(): EventData<E> | undefined;
  /** Calls back after each change. */
  subscribe(listener: () => void): Unsubscribe;
}

/** An event of the application, as a loop receives it. */
export interface StreamEvent<E extends EventName = EventName> {
  readonly event: E;
  /** The value of the data if it is JSON; otherwise the text. */
  readonly data: EventData<E>;
  /** The cursor of the event; `undefined` for an event that is not replayed. */
  readonly id: string | undefined;
}

/** Any event of the application. With `SseEvents`, the name determines the type of the data. */
export type AnyStreamEvent = { [E in EventName]: StreamEvent<E> }[EventName];

/** Removes the listener of one call of `on…`. */
export type Unsubscribe = () => void;

/** A stream of a hub that reconnects by itself. */
export interface SseStream {
  readonly state: StreamState;
  /** The id of the open connection: this tab's own, or the one that tabs share. */
  readonly connection: string | undefined;
  /** Calls back with the text of each event of that name. */
  on(event: EventName, listener: (text: string) => void): Unsubscribe;
  /** Calls back with the value of each event of that name. The data must be JSON. */
  onJson<E extends EventName>(event: E, listener: (value: EventData<E>) => void): Unsubscribe;
  /**
   * The newest value of that event since `latest` was first called for it. It is `undefined` again when the stream ends
   * with the reason `user`, because it was for the former user. Each call returns the same object.
   */
  latest<E extends EventName>(event: E): Latest<E>;
  /**
   * Iterates the events of that name with `for await`, from the beginning of the loop to the end of the stream.
   * `for await (… of stream)` iterates the events of all names.
   *
   * While your code is busy, the loop holds about 1 000 events. After that, the stream reads no more until the loop
   * has taken them, and other listeners wait too. If this takes longer than a second and the stream has a cursor, it
   * disconnects, and reconnects when the loop has taken all events.
   *
   * @throws Error at the end of the loop if the server refused the stream; its `reason` is `unauthorized` or
   * `forbidden`
   */
  events<E extends EventName>(event: E): AsyncIterableIterator<StreamEvent<E>>;
  [Symbol.asyncIterator](): AsyncIterableIterator<AnyStreamEvent>;
  /** Calls back each time the stream has opened. */
  onOpen(listener: (verdict: StreamVerdict) => void): Unsubscribe;
  /** Calls back when events have left the log before this browser received them: load the state again. */
  onGap(listener: (gap: { readonly reason: string }) => void): Unsubscribe;
  /**
   * Calls back when the server ends the stream. The reason is that of `hub:end`, or `unauthorized` (401), `forbidden`
   * (403) or `stop` (204). {@link StreamEnd} tells whether the stream reconnects.
   *
   * The reason is `unauthorized` also if three tries in a row were redirected to an HTML page, or to another origin
   * that does not allow this one: that is a login. `url` is the URL of that page.
   */
  onEnd(listener: (reason: string, end: StreamEnd) => void): Unsubscribe;
  /** Calls back with each new state. In the state `waiting`, it also tells why and how long. */
  onState(listener: (state: StreamState, waiting?: Waiting) => void): Unsubscribe;
  /**
   * Like `fetch`, but for requests to the page's own origin it adds the header `SSE-Connection`. With it,
   * `hub.except(req.sse.connectionId)` leaves out the page that sent the request. If tabs share a connection, only
   * this tab is left out.
   */
  fetch(input: string | URL, init?: RequestInit): Promise<Response>;
  /** Closes the stream for good. */
  close(): void;
}
