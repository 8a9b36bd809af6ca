import type { Producer } from "./producer.js";

/** The runs that this process produces, and those it keeps after their end because nobody else does. */
export class LocalRuns implements Iterable<Producer> {
  readonly #producers = new Map<string, Producer>();

  /** The run that has this id now, or had it last. */
  get(id: string): Producer | undefined {
    return this.#producers.get(id);
  }

  get running(): Producer[] {
    return [...this.#producers.values()].filter(({ isRunning }) => isRunning);
  }

  add(producer: Producer): void {
    this.#producers.set(producer.id, producer);
  }

  /** Forgets a run, unless another has its id now. */
  delete(producer: Producer): void {
    if (this.#producers.get(producer.id) === producer) this.#producers.delete(producer.id);
  }

  /** The same after a time; 2^31 - 1 ms at most. */
  deleteLater(producer: Producer, ms: number): void {
    setTimeout(() => {
      this.delete(producer);
    }, ms).unref();
  }

  [Symbol.iterator](): Iterator<Producer> {
    return this.#producers.values();
  }
}
