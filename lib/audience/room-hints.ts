import { distance } from "fastest-levenshtein";
import { describe } from "../errors/sse-hub-error.js";

// An application may use many short-lived rooms, such as one per order, and an empty one is no mistake.
const MAX_HINTS = 10;
const MAX_KNOWN = 10_000;

/**
 * Finds rooms of broadcasts that no connection has ever joined, for development. Such a room is mostly a typing error,
 * and a broadcast that is delivered to no one looks like any other. It warns once about each room.
 */
export class RoomHints {
  readonly #warn: (hint: string) => void;
  readonly #known = new Set<string>();
  readonly #warned = new Set<string>();

  constructor(warn: (hint: string) => void) {
    this.#warn = warn;
  }

  /** A connection has joined these rooms. */
  note(rooms: Iterable<string>): void {
    for (const room of rooms) if (this.#known.size < MAX_KNOWN) this.#known.add(room);
  }

  look(rooms: readonly string[]): void {
    for (const room of rooms) {
      const isNew = !this.#known.has(room) && !this.#warned.has(room);
      if (!isNew || this.#warned.size >= MAX_HINTS || this.#known.size >= MAX_KNOWN) continue;
      this.#warned.add(room);
      this.#warn(this.#hintFor(room));
    }
  }

  #hintFor(room: string): string {
    const [nearest] = [...this.#known].toSorted((a, b) => distance(room, a) - distance(room, b));
    const isNear = nearest !== undefined && distance(room, nearest) <= Math.max(2, room.length / 3);
    const remedy = isNear
      ? `Did you mean ${describe(nearest)}?`
      : `A connection joins it with req.sse.join(${describe(room)}).`;
    return `A broadcast goes to the room ${describe(room)}, which no connection has joined. ${remedy}`;
  }
}
