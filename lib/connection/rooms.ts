import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";

// Shared by all that have none, so nobody is to put anything in.
const NONE: ReadonlySet<string> = Object.assign(new Set<string>(), {
  add: (): never => {
    throw new TypeError("connection.rooms only shows the rooms: use connection.join().");
  },
});

/** The rooms of a connection. Most have none, so nothing is made before the first. */
export class Rooms {
  // Room → position after which it counts.
  #since: Map<string, number> | undefined;
  #names: ReadonlySet<string> | undefined;

  /** Adds rooms that count from a position on. Gives those that were not there yet. */
  add(rooms: readonly string[], since: number): string[] {
    if (rooms.length === 0) return [];
    this.#since ??= new Map();
    this.#names = undefined;
    const added = rooms.filter((room) => this.#since?.has(room) === false);
    for (const room of added) this.#since.set(room, since);
    return added;
  }

  delete(rooms: readonly string[]): void {
    this.#names = undefined;
    for (const room of rooms) this.#since?.delete(room);
  }

  /** True when the room counts for an entry at that position. */
  has(room: string, position: number): boolean {
    const since = this.#since?.get(room);
    return since !== undefined && since < position;
  }

  get names(): ReadonlySet<string> {
    // Predicates ask for them often; a set that was handed out never changes.
    return (this.#names ??= this.#since === undefined ? NONE : new Set(this.#since.keys()));
  }
}

/** @throws SseHubTypeError `ERR_SSE_ROOM` */
export function checkRooms(rooms: readonly unknown[]): asserts rooms is readonly string[] {
  for (const room of rooms) {
    if (typeof room === "string" && room !== "") continue;
    throw new SseHubTypeError(
      "ERR_SSE_ROOM",
      `A room is ${describe(room)}. Expected a string that is not empty: name each room by itself.`,
    );
  }
}
