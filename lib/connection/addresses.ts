/** The addresses of browsers. Nothing is kept before somebody wants to know them. */
export class Addresses {
  #kept: WeakMap<object, string> | undefined;

  /** From here on the addresses of new connections are kept. */
  keep(): void {
    this.#kept ??= new WeakMap();
  }

  /** A connection was let in. @param addressOf not called where nothing is kept */
  note(connection: object, addressOf: () => string | undefined): void {
    const address = this.#kept === undefined ? undefined : addressOf();
    if (address !== undefined) this.#kept?.set(connection, address);
  }

  /** `undefined` where it is not kept. */
  of(connection: object): string | undefined {
    return this.#kept?.get(connection);
  }
}
