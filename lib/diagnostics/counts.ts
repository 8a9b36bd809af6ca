/** How often something happened, by name. What never happened is not in it. */
export class Counts<K extends string> {
  readonly #counts = new Map<K, number>();

  add(name: K): void {
    this.#counts.set(name, this.of(name) + 1);
  }

  of(name: K): number {
    return this.#counts.get(name) ?? 0;
  }

  /** A copy. */
  get all(): Readonly<Partial<Record<K, number>>> {
    return Object.fromEntries(this.#counts) as Partial<Record<K, number>>;
  }
}
