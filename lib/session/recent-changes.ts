// The number of sessions whose last change is remembered.
const MAX_SESSIONS = 10_000;

/**
 * Remembers which sessions have changed recently, so that a session need not be read twice while its stream is opened.
 * All times are of `performance.now()`.
 */
export class RecentChanges {
  /**
   * For so many milliseconds after a change, a read may still return the old session: from a replica of the store, or
   * from a store that never says when it has written. Specs set it to 0.
   */
  static settleMs = 5_000;

  // Session key → a read that began before this time may have returned an old session.
  readonly #settledAt = new Map<string, number>();
  // The same for all sessions.
  #allSettledAt = Infinity;

  /** Call it when a session was stored or destroyed, here or on another node. */
  note(key: string): void {
    this.#settledAt.delete(key);
    this.#settledAt.set(key, performance.now() + RecentChanges.settleMs);
    if (this.#settledAt.size <= MAX_SESSIONS) return;
    const [oldest] = this.#settledAt;
    if (oldest === undefined) return;
    this.#settledAt.delete(oldest[0]);
    this.#allSettledAt = Math.max(this.#allSettledAt, oldest[1]);
  }

  /** Call it when any session may have changed, and when changes are seen from now on. */
  noteAll(): void {
    this.#settledAt.clear();
    this.#allSettledAt = performance.now() + RecentChanges.settleMs;
  }

  /** True if a read that began at that time has returned the session as it still is. */
  isUnchangedSince(startedAt: number, key: string): boolean {
    return startedAt > this.#allSettledAt && startedAt > (this.#settledAt.get(key) ?? 0);
  }
}
