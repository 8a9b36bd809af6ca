import type { Filter } from "./delivery/audience.js";
import { roomsOf } from "./delivery/audience.js";
import { SseHubTypeError, describe } from "./sse-hub-error.js";
import type { EventData, EventName } from "./wire/event.js";

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
   * Sends an event to those of this audience whom the filter matches: a matcher (plain data) or a
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
  /** All but one connection, such as the one whose user made the change. It holds for that connection only. */
  except(connectionId: string): Broadcaster;
}

/** The arguments of {@link Broadcaster.broadcast}, which counts them. */
export type BroadcastArgs = [event: string, data: unknown, filter?: unknown];

/** What a broadcast names, before it is checked. */
export interface Broadcast {
  readonly event: unknown;
  readonly data: unknown;
  readonly rooms: readonly string[] | null;
  readonly except: string | null;
  /** `null` for none. */
  readonly filter: unknown;
}

export type Publish = (broadcast: Broadcast) => Promise<string>;

/** Gives the Broadcaster that reaches everybody. */
export function createBroadcaster(publish: Publish): Chain {
  return new Chain(publish, null, null);
}

export class Chain implements Broadcaster {
  readonly #publish: Publish;
  readonly #rooms: readonly string[] | null;
  readonly #except: string | null;

  constructor(publish: Publish, rooms: readonly string[] | null, except: string | null) {
    this.#publish = publish;
    this.#rooms = rooms;
    this.#except = except;
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
    const [rooms, except] = [this.#rooms, this.#except];
    return this.#publish({ event, data, rooms, except, filter: filter ?? null });
  }

  to(...rooms: string[]): Broadcaster {
    return new Chain(this.#publish, roomsOf(this.#rooms, rooms), this.#except);
  }

  except(connectionId: string): Broadcaster {
    if (typeof connectionId === "string" && connectionId !== "") {
      return new Chain(this.#publish, this.#rooms, connectionId);
    }
    throw new SseHubTypeError(
      "ERR_SSE_FILTER",
      `except() was given ${describe(connectionId)}. Expected the id of a connection: ` +
        "the page knows it from hub:open, the server from connection.id.",
    );
  }
}
