/** The addresses of browsers. They are kept only after {@link keep} was called, for a dashboard that shows them. */
export class Addresses {
  #kept: WeakMap<object, string> | undefined;

  /** From now on the addresses of new connections are kept. */
  keep(): void {
    this.#kept ??= new WeakMap();
  }

  /** A connection was admitted. @param addressOf called only if addresses are kept */
  note(connection: object, addressOf: () => string | undefined): void {
    const address = this.#kept === undefined ? undefined : addressOf();
    if (address !== undefined) this.#kept?.set(connection, address);
  }

  /** The address of a connection; `undefined` if it is not kept. */
  of(connection: object): string | undefined {
    return this.#kept?.get(connection);
  }
}
