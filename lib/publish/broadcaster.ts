import type { Filter } from "../audience/audience.js";
import { roomsOf } from "../audience/audience.js";
import { MILLISECONDS, isTimer, optionReader, orNull } from "../options/option-reader.js";
import { SseHubTypeError, describe, type SseHubErrorCode } from "../errors/sse-hub-error.js";
import type { EventData, EventName } from "../wire/event.js";

/**
 * Sends events to an audience. Each step, such as `to()`, returns a new Broadcaster and leaves this one unchanged.
 *
 * @typeParam Result what a broadcast resolves with: the event's id, or nothing in a transaction
 */
export interface Broadcaster<Result = string> {
  /**
   * Sends an event to all connections of this audience. Resolves with the event's id once the event is in the
   * log; it does not wait for browsers. A browser that is away receives the event when it reconnects, if the log
   * still holds it.
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD`, `ERR_SSE_DATA`: at the call, before anything is stored
   */
  broadcast<E extends EventName>(event: E, data: EventData<E>): Promise<Result>;
  /**
   * Sends an event to the connections of this audience that the filter matches: a matcher (plain data) or a
   * predicate (a function of this process, called for each connection; only `true` counts).
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD`, `ERR_SSE_DATA`, `ERR_SSE_FILTER` (also for a filter that
   * is undefined or null: to send to all connections, leave the argument out), `ERR_SSE_NO_SESSION`
   */
  broadcast<E extends EventName>(event: E, data: EventData<E>, filter: Filter): Promise<Result>;
  /**
   * Narrows the audience to connections that are in at least one of the rooms. Each receives the event once. A
   * further `to` adds rooms.
   *
   * @throws SseHubTypeError `ERR_SSE_ROOM`
   */
  to(room: string, ...rooms: string[]): Broadcaster<Result>;
  /**
   * Leaves out the page that made the change: `except(req.sse.connectionId)`, if the page sent its request with
   * `stream.fetch()`. The id of a connection leaves out that connection only; `undefined` leaves out none.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER` unless the id is `undefined` or a string that is not empty
   */
  except(connectionId: string | undefined): Broadcaster<Result>;
  /**
   * Retains the newest event of this key for browsers that connect later. A connection of the audience receives
   * it, without id, on a first visit, after a gap, and when it joins a room later. At most 1 000 keys and 8 MiB are
   * retained; the key that was set longest ago is dropped first.
   *
   * ```ts
   * await hub.retain("import 7", { maxAgeMs: 60_000 }).broadcast("imported", { rows: 12 });
   * await hub.retain("import 7").clear(); // browsers that connect from now on do not receive it
   * ```
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD` for a key that is empty or not a string; `ERR_SSE_OPTION`
   */
  retain(key: string, options?: RetainOptions): RetainingBroadcaster<Result>;
  /**
   * Sends only to connections that are live now: in order with all other events, but without id, and without
   * replay for browsers that are slow or away. Use it for events that are worthless a moment later, such as
   * "is typing".
   */
  volatile(): Broadcaster<Result>;
}

/** Returned by {@link Broadcaster.retain}. */
export interface RetainingBroadcaster<Result = string> extends Broadcaster<Result> {
  /**
   * Removes the event that is retained under the key, on every node and whatever its audience was. Browsers that
   * have received the event are not informed: send them an event. Resolves once the log holds the removal.
   */
  clear(): Promise<void>;
}

/** Options of {@link Broadcaster.retain}. An unknown key is an error. */
export interface RetainOptions {
  /** Milliseconds after which the event is no longer sent to new connections; `null` for no limit. @default null */
  maxAgeMs?: number | null | undefined;
}

/** The arguments of {@link Broadcaster.broadcast}. Their number tells a filter that is `undefined` from no filter. */
export type BroadcastArgs = [event: string, data: unknown, filter?: unknown];

/** Everything about a broadcast except its event, data and filter. */
export interface Route {
  readonly rooms: readonly string[] | null;
  readonly except: string | null;
  readonly retainKey: string | null;
  readonly retainMs: number | null;
  readonly isVolatile: boolean;
  /** For an event that is sent from a dashboard: the user who sends it; `null` if that page has no user. */
  readonly sentBy?: object | null;
}

/** The content of a broadcast, before it is checked. */
export interface Broadcast extends Route {
  readonly event: unknown;
  readonly data: unknown;
  /** `null` for none. */
  readonly filter: unknown;
}

/** Publishes what broadcasters have collected. */
export interface Publishes<T = string> {
  /** @returns what the broadcast resolves with */
  publish(broadcast: Broadcast): Promise<T>;
  /** Removes the event that is retained under a key. */
  clear(key: string): Promise<void>;
}

/** The route of a broadcast to all connections. */
export const EVERYBODY: Route = {
  rooms: null,
  except: null,
  retainKey: null,
  retainMs: null,
  isVolatile: false,
};

/**
 * A broadcaster to all connections; its steps narrow the audience. The hub and a `publisher()` extend it.
 *
 * @typeParam T what its broadcasts resolve with
 */
export class RoutedBroadcaster<T = string> implements Broadcaster<T> {
  readonly #publisher: () => Publishes<T>;
  readonly #route: Route;

  constructor(publisher: () => Publishes<T>, route = EVERYBODY) {
    this.#publisher = publisher;
    this.#route = route;
  }

  broadcast(...args: BroadcastArgs): Promise<T> {
    const [event, data, filter] = args;
    if (args.length > 2 && filter == null) {
      throw new SseHubTypeError(
        "ERR_SSE_FILTER",
        `The filter is ${describe(filter)}. Expected a matcher or a predicate. ` +
          "To send to all connections, leave the argument out: a filter that is missing by mistake must not do that.",
      );
    }
    return this.#publisher().publish({ ...this.#route, event, data, filter: filter ?? null });
  }

  to(...rooms: string[]): RoutedBroadcaster<T> {
    return this.#with({ rooms: roomsOf(this.#route.rooms, rooms) });
  }

  except(connectionId: string | undefined): RoutedBroadcaster<T> {
    if (connectionId === undefined) return this.#with({});
    checkName(
      connectionId,
      "ERR_SSE_FILTER",
      "except",
      "the id of a connection, as in hub:open, or req.sse.connectionId",
    );
    return this.#with({ except: connectionId });
  }

  retain(key: string, options: RetainOptions = {}): KeyBroadcaster<T> {
    checkName(key, "ERR_SSE_FIELD", "retain", "a name for the state that the event carries");
    const read = optionReader("retain", options, ["maxAgeMs"]);
    const retainMs = read(
      "maxAgeMs",
      `${MILLISECONDS}, or null for no limit`,
      orNull(isTimer),
      null,
    );
    const route = { ...this.#route, retainKey: key, retainMs };
    return new KeyBroadcaster(this.#publisher, route, key);
  }

  volatile(): RoutedBroadcaster<T> {
    return this.#with({ isVolatile: true });
  }

  #with(change: Partial<Route>): RoutedBroadcaster<T> {
    return new RoutedBroadcaster(this.#publisher, { ...this.#route, ...change });
  }
}

class KeyBroadcaster<T> extends RoutedBroadcaster<T> implements RetainingBroadcaster<T> {
  readonly #publisher: () => Publishes<T>;
  readonly #key: string;

  constructor(publisher: () => Publishes<T>, route: Route, key: string) {
    super(publisher, route);
    this.#publisher = publisher;
    this.#key = key;
  }

  clear(): Promise<void> {
    return this.#publisher().clear(this.#key);
  }
}

function checkName(given: unknown, code: SseHubErrorCode, owner: string, expected: string): void {
  if (typeof given === "string" && given !== "") return;
  throw new SseHubTypeError(
    code,
    `${owner}() was given ${describe(given)}. Expected ${expected}: a string that is not empty.`,
  );
}
