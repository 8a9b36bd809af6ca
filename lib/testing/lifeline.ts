/**
 * Keeps the process alive for a while after the last sign of life, and no longer: what a test awaits may
 * be on its way through sockets that do not, and what a test forgot to close must not hold it for ever.
 */
export class Lifeline {
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.#timer = setTimeout(() => undefined, ms);
  }

  /** Something has happened: the while begins anew. */
  touch(): void {
    this.#timer.refresh();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
