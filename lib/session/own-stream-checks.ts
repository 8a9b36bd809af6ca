import type { StreamConnection } from "../connection/stream-connection.js";
import type { Gate } from "./gate.js";

/** What {@link OwnStreamChecks} needs of the session monitor. */
export interface OwnStreamChecksParts {
  readonly connections: Iterable<StreamConnection>;
  readonly gate: Gate;
  /** Reads the session of a connection again, and ends the connection if its user has changed. Never rejects. */
  reread(connection: StreamConnection): Promise<void>;
  /** Ends a connection, so that its browser reconnects. */
  refresh(connection: StreamConnection): void;
}

// How many sessions are read at the same time, so that the store is not overloaded.
const MAX_READS = 16;

/**
 * When the log has lost entries, perhaps the notice of a logout, delivery ends the streams that read the log. This class
 * checks the others: those of `req.sse.open()`, and those that follow a run. They receive nothing until their session was
 * read again. A credential can only be checked with a new request, so those that have one end.
 */
export class OwnStreamChecks {
  readonly #parts: OwnStreamChecksParts;
  readonly #waiting = new Set<StreamConnection>();
  // Those whose check began before the log lost entries again.
  readonly #again = new Set<StreamConnection>();
  readonly #reading = new Set<StreamConnection>();

  constructor(parts: OwnStreamChecksParts) {
    this.#parts = parts;
  }

  /** Call it when the log has lost entries. */
  onBreak(): void {
    for (const connection of this.#parts.connections) {
      const { isOwn, isOpened, hasLogin, credential } = connection;
      if (!isOwn || !isOpened || !hasLogin) continue;
      if (credential !== null) this.#parts.refresh(connection);
      else this.#add(connection);
    }
    this.#readOn();
  }

  #add(connection: StreamConnection): void {
    this.#parts.gate.hold(connection);
    if (this.#reading.has(connection)) this.#again.add(connection);
    else this.#waiting.add(connection);
  }

  #readOn(): void {
    for (const connection of this.#waiting) {
      if (this.#reading.size >= MAX_READS) return;
      this.#waiting.delete(connection);
      this.#reading.add(connection);
      void this.#check(connection);
    }
  }

  async #check(connection: StreamConnection): Promise<void> {
    do {
      this.#again.delete(connection);
      await (connection.hasEnded ? null : this.#parts.reread(connection));
    } while (this.#again.has(connection));
    this.#reading.delete(connection);
    this.#parts.gate.release(connection);
    this.#readOn();
  }
}
