/** Counts by name. A name that was never added is not in {@link all}. */
export class Counts<K extends string> {
  readonly #counts = new Map<K, number>();

  add(name: K): void {
    this.#counts.set(name, this.of(name) + 1);
  }

  of(name: K): number {
    return this.#counts.get(name) ?? 0;
  }

  /** A copy of all counts. */
  get all(): Readonly<Partial<Record<K, number>>> {
    return Object.fromEntries(this.#counts) as Partial<Record<K, number>>;
  }
}
