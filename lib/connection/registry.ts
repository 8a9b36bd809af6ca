import type { StreamConnection } from "./stream-connection.js";

/** The connections of this node, and the sockets of those that have ended and are still closing. */
export class Registry<C extends StreamConnection> {
  readonly #connections = new Set<C>();
  readonly #closing = new Set<C>();
  #own = 0;
  #onEmpty: (() => void) | undefined;

  get size(): number {
    return this.#connections.size;
  }

  /** Number of streams of `req.sse.open()`, which no broadcast reaches. */
  get ownSize(): number {
    return this.#own;
  }

  add(connection: C): void {
    this.#connections.add(connection);
    if (connection.isOwn) this.#own += 1;
  }

  [Symbol.iterator](): IterableIterator<C> {
    return this.#connections.values();
  }

  /** Removes a connection that has ended. Returns false if it was not in. */
  delete(connection: C): boolean {
    const wasIn = this.#connections.delete(connection);
    if (wasIn && connection.isOwn) this.#own -= 1;
    return wasIn;
  }

  /** Remembers a connection that has ended until its socket has closed. */
  awaitClose(connection: C, onClose: () => void): void {
    this.#closing.add(connection);
    connection.transport.onClose(() => {
      this.#closing.delete(connection);
      onClose();
      if (this.#closing.size === 0) this.#onEmpty?.();
    });
  }

  /** Resolves when every socket has closed. After `timeoutMs` it destroys the remaining ones. */
  async whenClosed(timeoutMs: number): Promise<void> {
    if (this.#closing.size === 0) return;
    const timer = setTimeout(() => {
      for (const connection of this.#closing) connection.transport.destroy();
    }, timeoutMs);
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    clearTimeout(timer);
  }
}
