// Connections beat in turns, so that ten thousand of them are never written to at once.
const TURNS = 32;

/**
 * One timer for all connections: each beats once per period, in the turn of its joining.
 * Invariant: a connection is in exactly one turn, or in none.
 */
export class Heartbeat<C> {
  readonly #turns = Array.from({ length: TURNS }, () => new Set<C>());
  readonly #timer: NodeJS.Timeout | null;
  #now = 0;

  /** @param periodMs `null` for no heartbeat */
  constructor(periodMs: number | null, beat: (connection: C) => void) {
    if (periodMs === null) {
      this.#timer = null;
      return;
    }
    const tick = () => {
      this.#now = (this.#now + 1) % TURNS;
      for (const connection of this.#turns[this.#now] ?? []) beat(connection);
    };
    this.#timer = setInterval(tick, Math.max(1, periodMs / TURNS)).unref();
  }

  add(connection: C): void {
    this.#turns[this.#now]?.add(connection);
  }

  delete(connection: C): void {
    for (const turn of this.#turns) turn.delete(connection);
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }
}
