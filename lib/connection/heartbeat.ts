// The connections are divided into turns, so that ten thousand of them are never written to at once.
const TURNS = 32;

/**
 * Calls `beat` once per period for each connection, with one timer for all. A connection belongs to the turn in
 * which it was added. Invariant: a connection is in at most one turn.
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
