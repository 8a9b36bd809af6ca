// How long a browser that was told to stop may still come back by itself.
const STOP_MS = 5 * 60_000;
const MAX_SESSIONS = 10_000;

/** The sessions whose streams were stopped of late: their browsers are not to return by themselves. */
export class StoppedSessions {
  // Session key → when it is forgotten; the order of the map is the order of forgetting.
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
   * Somebody has loaded a page, and is let in: what returns from now on may be that page. `true` where
   * it would have been stopped.
   */
  delete(key: string): boolean {
    return this.#until.delete(key);
  }

  has(key: string): boolean {
    return (this.#until.get(key) ?? 0) > Date.now();
  }
}
