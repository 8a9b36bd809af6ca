interface Removable {
  remove(): Promise<void>;
}

/**
 * Servers that need seconds to find each other: the next ones come up while a test uses the ones before. To be made
 * where `afterAll` may be called.
 */
export class StartedAhead<T extends Removable> {
  readonly #start: () => Promise<T>;
  #next: Promise<T> | undefined;

  constructor(start: () => Promise<T>) {
    this.#start = start;
    afterAll(async () => {
      await (await this.#next?.catch(() => undefined))?.remove();
    });
  }

  /** Servers that nobody else has. Who takes them removes them. */
  async take(): Promise<T> {
    const taken = await (this.#next ?? this.#start());
    this.#next = this.#start();
    // Who takes it is told, in the next test.
    this.#next.catch(() => undefined);
    return taken;
  }
}
