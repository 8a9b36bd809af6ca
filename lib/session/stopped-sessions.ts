// How long the browsers of a stopped session are kept from reconnecting by themselves.
const STOP_MS = 5 * 60_000;
const MAX_SESSIONS = 10_000;

/** The sessions and credentials whose streams were stopped recently: their browsers must not reconnect by themselves. */
export class StoppedSessions {
  // Key → when it is forgotten, soonest first.
  readonly #until = new Map<string, number>();

  add(key: string): void {
    this.#until.delete(key);
    this.#until.set(key, Date.now() + STOP_MS);
    for (const [oldest, until] of this.#until) {
      if (this.#until.size <= MAX_SESSIONS && until > Date.now()) break;
      this.#until.delete(oldest);
    }
  }

  /**
   * Call it when the user has loaded a page: its stream may reconnect from now on. Returns true if the key was still
   * listed.
   */
  delete(key: string): boolean {
    return this.#until.delete(key);
  }

  has(key: string): boolean {
    return (this.#until.get(key) ?? 0) > Date.now();
  }
}
