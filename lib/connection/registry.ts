import type { StreamConnection } from "./connection.js";

// How long an ended stream may take to hand its last bytes to the kernel.
const LINGER_MS = 5_000;

/** The connections of this node, and the sockets that are still closing. */
export class Registry {
  readonly #connections = new Set<StreamConnection>();
  readonly #closing = new Map<StreamConnection, NodeJS.Timeout | null>();
  #onEmpty: (() => void) | undefined;

  get size(): number {
    return this.#connections.size;
  }

  add(connection: StreamConnection): void {
    this.#connections.add(connection);
  }

  [Symbol.iterator](): IterableIterator<StreamConnection> {
    return this.#connections.values();
  }

  /** Takes out a connection that has ended. Its socket is destroyed if it does not close by itself. */
  delete(connection: StreamConnection): void {
    if (!this.#connections.delete(connection) || connection.transport.isGone) return;
    const timer =
      connection.transport.pendingBytes === 0
        ? null
        : setTimeout(() => {
            connection.transport.destroy();
          }, LINGER_MS).unref();
    this.#closing.set(connection, timer);
    connection.transport.onClose(() => {
      this.#closed(connection);
    });
  }

  /** Resolves when every socket has closed, those that take longer than that being destroyed. */
  async whenClosed(timeoutMs: number): Promise<void> {
    if (this.#closing.size === 0) return;
    const timer = setTimeout(() => {
      for (const connection of this.#closing.keys()) connection.transport.destroy();
    }, timeoutMs);
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    clearTimeout(timer);
  }

  #closed(connection: StreamConnection): void {
    const timer = this.#closing.get(connection);
    if (timer != null) clearTimeout(timer);
    this.#closing.delete(connection);
    if (this.#closing.size === 0) this.#onEmpty?.();
  }
}
