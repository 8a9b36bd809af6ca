import type { Producer } from "./producer.js";

/** The runs that this process produces. Without a store, it also keeps runs that have ended, for their `keepMs`. */
export class LocalRuns implements Iterable<Producer> {
  readonly #producers = new Map<string, Producer>();

  /** The newest run of this process with this id. */
  get(id: string): Producer | undefined {
    return this.#producers.get(id);
  }

  get running(): Producer[] {
    return [...this.#producers.values()].filter(({ isRunning }) => isRunning);
  }

  add(producer: Producer): void {
    this.#producers.set(producer.id, producer);
  }

  /** Forgets a run, unless its id now belongs to another run. */
  delete(producer: Producer): void {
    if (this.#producers.get(producer.id) === producer) this.#producers.delete(producer.id);
  }

  /** Forgets a run after a time of at most 2^31 - 1 ms. */
  deleteLater(producer: Producer, ms: number): void {
    setTimeout(() => {
      this.delete(producer);
    }, ms).unref();
  }

  [Symbol.iterator](): Iterator<Producer> {
    return this.#producers.values();
  }
}
