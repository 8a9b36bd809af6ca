/**
 * Counts the breaks of the log: positions of one generation mean nothing in another, and nothing that was
 * read before a break is given after it.
 */
export class LogGeneration {
  #current = 0;

  get current(): number {
    return this.#current;
  }

  /** The log has lost something, or begun anew. */
  next(): void {
    this.#current += 1;
  }
}
