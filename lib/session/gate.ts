import type { StreamConnection } from "../connection/stream-connection.js";

/** Stops a connection while it is checked whether its user has changed. */
export interface Gate {
  /** The connection receives nothing until it is released. */
  hold(connection: StreamConnection): void;
  release(connection: StreamConnection): void;
}
