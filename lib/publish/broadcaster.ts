import type { Filter } from "../audience/audience.js";
import { roomsOf } from "../audience/audience.js";
import { SseHubTypeError, describe, type SseHubErrorCode } from "../errors/sse-hub-error.js";
import type { EventData, EventName } from "../wire/event.js";

/** Sends to an audience. Each step gives a new Broadcaster; none is ever changed. */
export interface Broadcaster {
  /**
   * Sends an event to everybody in this audience. Resolves with the event's id once it is in the
   * log; sockets drain at their own pace. A browser that is away gets it on its return, while the
   * log still holds it.
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD`, `ERR_SSE_DATA`: at once, before anything is stored
   */
  broadcast<E extends EventName>(event: E, data: EventData<E>): Promise<string>;
  /**
   * Sends an event to the connections of this audience that the filter matches: a matcher (plain data) or a
   * predicate (a function of this process, called for each connection; only `true` counts).
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD`, `ERR_SSE_DATA`, `ERR_SSE_FILTER` (also for a filter that
   * is undefined or null: leave it out to reach everybody), `ERR_SSE_NO_SESSION`
   */
  broadcast<E extends EventName>(event: E, data: EventData<E>, filter: Filter): Promise<string>;
  /**
   * Those in at least one of the rooms, each of them once; a further `to` adds rooms.
   *
   * @throws SseHubTypeError `ERR_SSE_ROOM`
   */
  to(room: string, ...rooms: string[]): Broadcaster;
  /**
   * All but the page which made the change: `except(req.sse.connectionId)`, where it asked with `stream.fetch()`.
   * The id of a connection leaves out that connection only; `undefined` leaves out nobody.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER` for anything but a string that is not empty, or undefined
   */
  except(connectionId: string | undefined): Broadcaster;
  /**
   * Keeps the newest event of this key for newcomers too: it is given, without id, on a first visit,
   * after a gap, and on joining a room later, to connections that the audience reaches. At most 1 000 keys and
   * 8 MiB are kept; the key that was not set for longest goes first.
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD` for a key that is no string, or empty
   */
  retain(key: string): Broadcaster;
  /**
   * For those who are there now: in order with everything else, but without id, and neither replayed
   * nor kept for a reader that is behind. For what is worthless a moment later, such as "is typing".
   */
  volatile(): Broadcaster;
}

/** The arguments of {@link Broadcaster.broadcast}, which counts them. */
export type BroadcastArgs = [event: string, data: unknown, filter?: unknown];

/** Which way a broadcast goes: everything about it but the event, the data and the filter. */
export interface Route {
  readonly rooms: readonly string[] | null;
  readonly except: string | null;
  readonly retainKey: string | null;
  readonly isVolatile: boolean;
}

/** What a broadcast names, before it is checked. */
export interface Broadcast extends Route {
  readonly event: unknown;
  readonly data: unknown;
  /** `null` for none. */
  readonly filter: unknown;
}

export type Publish = (broadcast: Broadcast) => Promise<string>;

const EVERYBODY: Route = { rooms: null, except: null, retainKey: null, isVolatile: false };

/** Reaches everybody; its steps narrow that. The hub is one, and a `publisher()`. */
export class RoutedBroadcaster implements Broadcaster {
  readonly #publish: Publish;
  readonly #route: Route;

  constructor(publish: Publish, route = EVERYBODY) {
    this.#publish = publish;
    this.#route = route;
  }

  broadcast(...args: BroadcastArgs): Promise<string> {
    const [event, data, filter] = args;
    if (args.length > 2 && filter == null) {
      throw new SseHubTypeError(
        "ERR_SSE_FILTER",
        `The filter is ${describe(filter)}. Expected a matcher or a predicate: ` +
          "a filter that is missing by mistake must not reach everybody, so leave the argument out to do that.",
      );
    }
    return this.#publish({ ...this.#route, event, data, filter: filter ?? null });
  }

  to(...rooms: string[]): Broadcaster {
    return this.#with({ rooms: roomsOf(this.#route.rooms, rooms) });
  }

  except(connectionId: string | undefined): Broadcaster {
    if (connectionId === undefined) return this.#with({});
    checkName(
      connectionId,
      "ERR_SSE_FILTER",
      "except",
      "the id of a connection, as in hub:open, or req.sse.connectionId",
    );
    return this.#with({ except: connectionId });
  }

  retain(key: string): Broadcaster {
    checkName(key, "ERR_SSE_FIELD", "retain", "a name for what the event is the state of");
    return this.#with({ retainKey: key });
  }

  volatile(): Broadcaster {
    return this.#with({ isVolatile: true });
  }

  #with(change: Partial<Route>): Broadcaster {
    return new RoutedBroadcaster(this.#publish, { ...this.#route, ...change });
  }
}

function checkName(given: unknown, code: SseHubErrorCode, owner: string, expected: string): void {
  if (typeof given === "string" && given !== "") return;
  throw new SseHubTypeError(
    code,
    `${owner}() was given ${describe(given)}. Expected ${expected}: a string that is not empty.`,
  );
}
