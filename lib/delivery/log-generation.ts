/**
 * Counts the breaks of the log. A position of one generation has no meaning in another, and entries that were read
 * before a break are not delivered after it.
 */
export class LogGeneration {
  #current = 0;

  get current(): number {
    return this.#current;
  }

  /** The log has lost entries, or has started again. */
  next(): void {
    this.#current += 1;
  }
}
