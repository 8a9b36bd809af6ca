import type { Filter } from "../audience/audience.js";
import { roomsOf } from "../audience/audience.js";
import { MILLISECONDS, isTimer, optionReader, orNull } from "../options/option-reader.js";
import { SseHubTypeError, describe, type SseHubErrorCode } from "../errors/sse-hub-error.js";
import type { EventData, EventName } from "../wire/event.js";

/**
 * Sends to an audience. Each step gives a new Broadcaster; none is ever changed.
 *
 * @typeParam Result what a broadcast resolves with: the id, or nothing as a part of a transaction
 */
export interface Broadcaster<Result = string> {
  /**
   * Sends an event to everybody in this audience. Resolves with the event's id once it is in the
   * log; sockets drain at their own pace. A browser that is away gets it on its return, while the
   * log still holds it.
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD`, `ERR_SSE_DATA`: at once, before anything is stored
   */
  broadcast<E extends EventName>(event: E, data: EventData<E>): Promise<Result>;
  /**
   * Sends an event to the connections of this audience that the filter matches: a matcher (plain data) or a
   * predicate (a function of this process, called for each connection; only `true` counts).
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD`, `ERR_SSE_DATA`, `ERR_SSE_FILTER` (also for a filter that
   * is undefined or null: leave it out to reach everybody), `ERR_SSE_NO_SESSION`
   */
  broadcast<E extends EventName>(event: E, data: EventData<E>, filter: Filter): Promise<Result>;
  /**
   * Those in at least one of the rooms, each of them once; a further `to` adds rooms.
   *
   * @throws SseHubTypeError `ERR_SSE_ROOM`
   */
  to(room: string, ...rooms: string[]): Broadcaster<Result>;
  /**
   * All but the page which made the change: `except(req.sse.connectionId)`, where it asked with `stream.fetch()`.
   * The id of a connection leaves out that connection only; `undefined` leaves out nobody.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER` for anything but a string that is not empty, or undefined
   */
  except(connectionId: string | undefined): Broadcaster<Result>;
  /**
   * Keeps the newest event of this key for newcomers too: it is given, without id, on a first visit,
   * after a gap, and on joining a room later, to connections that the audience reaches. At most 1 000 keys and
   * 8 MiB are kept; the key that was not set for longest goes first.
   *
   * ```ts
   * await hub.retain("import 7", { maxAgeMs: 60_000 }).broadcast("imported", { rows: 12 });
   * await hub.retain("import 7").clear(); // nobody who comes from now on is told
   * ```
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD` for a key that is no string, or empty; `ERR_SSE_OPTION`
   */
  retain(key: string, options?: RetainOptions): RetainingBroadcaster<Result>;
  /**
   * For those who are there now: in order with everything else, but without id, and neither replayed
   * nor kept for a reader that is behind. For what is worthless a moment later, such as "is typing".
   */
  volatile(): Broadcaster<Result>;
}

/** What {@link Broadcaster.retain} gives. */
export interface RetainingBroadcaster<Result = string> extends Broadcaster<Result> {
  /**
   * Takes back what is kept under the key, whoever it was for, on every node. Browsers that were given it keep it:
   * tell them with an event. Resolves once the log holds that.
   */
  clear(): Promise<void>;
}

/** Options of {@link Broadcaster.retain}. An unknown key is an error. */
export interface RetainOptions {
  /** Milliseconds after which newcomers are not given the event any more; `null` for no limit. @default null */
  maxAgeMs?: number | null | undefined;
}

/** The arguments of {@link Broadcaster.broadcast}, which counts them. */
export type BroadcastArgs = [event: string, data: unknown, filter?: unknown];

/** Which way a broadcast goes: everything about it but the event, the data and the filter. */
export interface Route {
  readonly rooms: readonly string[] | null;
  readonly except: string | null;
  readonly retainKey: string | null;
  readonly retainMs: number | null;
  readonly isVolatile: boolean;
}

/** What a broadcast names, before it is checked. */
export interface Broadcast extends Route {
  readonly event: unknown;
  readonly data: unknown;
  /** `null` for none. */
  readonly filter: unknown;
}

/** What broadcasters hand on to. */
export interface Publishes<T = string> {
  /** Gives what a broadcast resolves with. */
  publish(broadcast: Broadcast): Promise<T>;
  /** Takes back what is kept for newcomers under a key. */
  clear(key: string): Promise<void>;
}

const EVERYBODY: Route = {
  rooms: null,
  except: null,
  retainKey: null,
  retainMs: null,
  isVolatile: false,
};

/**
 * Reaches everybody; its steps narrow that. The hub is one, and a `publisher()`.
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
        `The filter is ${describe(filter)}. Expected a matcher or a predicate: ` +
          "a filter that is missing by mistake must not reach everybody, so leave the argument out to do that.",
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
    checkName(key, "ERR_SSE_FIELD", "retain", "a name for what the event is the state of");
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
