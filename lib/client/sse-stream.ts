import type { EventData, EventName } from "../wire/event.js";
import type { Trouble } from "./return-delay.js";
import type { StreamState, Waiting } from "./signal.js";

/** What the hub said when the stream opened. */
export interface StreamVerdict {
  /** The connection's id, for `hub.except()` on the server. */
  readonly connection: string;
  /** `null`: a first visit; `true`: what was missed follows; `false`: load the page's state again. */
  readonly recovered: boolean | null;
  /** Why what was missed cannot be told: `trimmed`, `epoch` or `unknown`. */
  readonly reason?: string;
}

/** What {@link SseStream.onEnd} is told beside the reason, with the answer where it was no stream. */
export interface StreamEnd extends Trouble {
  /** True when the stream does not come back by itself. */
  readonly isFinal: boolean;
}

/** The newest value of an event, made for `useSyncExternalStore` and its like. */
export interface Latest<E extends EventName = EventName> {
  /** `undefined` until the first one has come. */
  get(): EventData<E> | undefined;
  /** Calls back after each change. */
  subscribe(listener: () => void): Unsubscribe;
}

/** An event of the application, as a loop gets it. */
export interface StreamEvent<E extends EventName = EventName> {
  readonly event: E;
  /** The value of JSON, and any other data as text. */
  readonly data: EventData<E>;
  /** The cursor of the event; `undefined` for one that is not replayed. */
  readonly id: string | undefined;
}

/** Any event of the application: with `SseEvents`, the name tells the type of the data. */
export type AnyStreamEvent = { [E in EventName]: StreamEvent<E> }[EventName];

/** Ends what one call of `on…` began. */
export type Unsubscribe = () => void;

/** A stream of a hub that returns by itself. */
export interface SseStream {
  readonly state: StreamState;
  /** The id of the open connection, this tab's or the one it shares. */
  readonly connection: string | undefined;
  /** Calls back with the text of each event of that name. */
  on(event: EventName, listener: (text: string) => void): Unsubscribe;
  /** Calls back with the value of each event of that name, whose data must be JSON. */
  onJson<E extends EventName>(event: E, listener: (value: EventData<E>) => void): Unsubscribe;
  /** The newest value of that event since this was first called. The same object at every call. */
  latest<E extends EventName>(event: E): Latest<E>;
  /**
   * The events of that name for `for await`, from when the loop begins to the end of the stream.
   * `for await (… of stream)` gives those of all names.
   *
   * A loop that is busy holds about 1 000 events. Then the stream reads no more until the loop has taken
   * them, and other listeners wait, too. After a second it disconnects, if it has a cursor to reconnect
   * with when the loop has taken all.
   *
   * @throws Error at the end of the loop if the server refused the stream, with its `reason`:
   * `unauthorized` or `forbidden`
   */
  events<E extends EventName>(event: E): AsyncIterableIterator<StreamEvent<E>>;
  [Symbol.asyncIterator](): AsyncIterableIterator<AnyStreamEvent>;
  /** Calls back each time the stream has opened. */
  onOpen(listener: (verdict: StreamVerdict) => void): Unsubscribe;
  /** Calls back when the log has overtaken this reader: load the page's state again. */
  onGap(listener: (gap: { readonly reason: string }) => void): Unsubscribe;
  /**
   * Calls back when the server ends the stream: with a reason of `hub:end`, with `unauthorized` (401),
   * `forbidden` (403) or `stop` (204). Most are followed by a return; {@link StreamEnd} tells.
   *
   * `unauthorized` is said of redirects to a login, too: after three tries in a row that led to a page of
   * HTML, or to another origin that does not answer this one. The `url` is where they led.
   */
  onEnd(listener: (reason: string, end: StreamEnd) => void): Unsubscribe;
  /** Calls back with each new state; with `waiting` it says why, and for how long. */
  onState(listener: (state: StreamState, waiting?: Waiting) => void): Unsubscribe;
  /**
   * The same as `fetch`, but tells this origin's server which page asks, in the header `SSE-Connection`:
   * `hub.except(req.sse.connectionId)` leaves it out of what it caused itself. Where tabs share a connection,
   * that is this tab alone.
   */
  fetch(input: string | URL, init?: RequestInit): Promise<Response>;
  /** Leaves, for good. */
  close(): void;
}
