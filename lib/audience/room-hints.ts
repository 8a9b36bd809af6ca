import { distance } from "fastest-levenshtein";
import { describe } from "../errors/sse-hub-error.js";

// Rooms that come and go with what they are about are many, and empty ones among them are no mistake.
const MAX_HINTS = 10;
const MAX_KNOWN = 10_000;

/**
 * Finds rooms that a broadcast names and nobody was ever in: mostly a slip of the pen, and a broadcast that reaches
 * nobody looks like any other. For development: each room is told of once, as soon as somebody is connected.
 */
export class RoomHints {
  readonly #tell: (hint: string) => void;
  readonly #known = new Set<string>();
  readonly #told = new Set<string>();

  constructor(tell: (hint: string) => void) {
    this.#tell = tell;
  }

  /** Somebody is in these. */
  note(rooms: Iterable<string>): void {
    for (const room of rooms) if (this.#known.size < MAX_KNOWN) this.#known.add(room);
  }

  look(rooms: readonly string[]): void {
    for (const room of rooms) {
      const isNew = !this.#known.has(room) && !this.#told.has(room);
      if (!isNew || this.#told.size >= MAX_HINTS || this.#known.size >= MAX_KNOWN) continue;
      this.#told.add(room);
      this.#tell(this.#hintFor(room));
    }
  }

  #hintFor(room: string): string {
    const [nearest] = [...this.#known].toSorted((a, b) => distance(room, a) - distance(room, b));
    const isNear = nearest !== undefined && distance(room, nearest) <= Math.max(2, room.length / 3);
    const remedy = isNear
      ? `Did you mean ${describe(nearest)}?`
      : `A connection joins it with req.sse.join(${describe(room)}).`;
    return `A broadcast goes to the room ${describe(room)}, which nobody has joined yet. ${remedy}`;
  }
}
