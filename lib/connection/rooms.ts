import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";

// Shared by all connections without rooms, so it must stay empty.
const NONE: ReadonlySet<string> = Object.assign(new Set<string>(), {
  add: (): never => {
    throw new TypeError("connection.rooms is read-only. Use connection.join() to add a room.");
  },
});

/** The rooms of a connection. Most connections have none, so no Map is made before the first room. */
export class Rooms {
  // Room → position after which it counts.
  #since: Map<string, number> | undefined;
  #names: ReadonlySet<string> | undefined;

  /** Adds rooms that count for entries after a position. Returns the rooms that are new. */
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
    // Kept, because predicates ask often. A set that was returned never changes.
    return (this.#names ??= this.#since === undefined ? NONE : new Set(this.#since.keys()));
  }
}

/** @throws SseHubTypeError `ERR_SSE_ROOM` */
export function checkRooms(rooms: readonly unknown[]): asserts rooms is readonly string[] {
  for (const room of rooms) {
    if (typeof room === "string" && room !== "") continue;
    throw new SseHubTypeError(
      "ERR_SSE_ROOM",
      `A room is ${describe(room)}. Expected a string that is not empty; pass several rooms as several arguments.`,
    );
  }
}
