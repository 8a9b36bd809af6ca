import type { StreamConnection } from "./stream-connection.js";

// Checks per `stallMs`. The watch counts checks instead of reading the clock: if this process was blocked, the
// browsers that it could not serve meanwhile are not to blame.
const LOOKS = 8;

interface Progress {
  mark: string;
  looks: number;
}

/** Decides that a browser is too slow: calls back when bytes wait in its socket and it has taken none for `stallMs`. */
export class StallWatch {
  readonly #waiting = new Map<StreamConnection, Progress>();
  readonly #timer: NodeJS.Timeout;

  constructor(stallMs: number, onStall: (connection: StreamConnection) => void) {
    const look = () => {
      for (const [connection, progress] of this.#waiting) {
        if (connection.transport.pendingBytes === 0) {
          this.#waiting.delete(connection);
          continue;
        }
        const mark = connection.transport.progressMark;
        progress.looks = mark === progress.mark ? progress.looks + 1 : 0;
        progress.mark = mark;
        if (progress.looks < LOOKS) continue;
        this.#waiting.delete(connection);
        onStall(connection);
      }
    };
    this.#timer = setInterval(look, Math.max(1, stallMs / LOOKS)).unref();
  }

  add(connection: StreamConnection): void {
    if (this.#waiting.has(connection)) return;
    this.#waiting.set(connection, { mark: connection.transport.progressMark, looks: 0 });
  }

  delete(connection: StreamConnection): void {
    this.#waiting.delete(connection);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#waiting.clear();
  }
}
