import type { SseHubError } from "../errors/sse-hub-error.js";
import type { CredentialLink } from "../user/credential-link.js";
import type { SessionLink } from "../user/session-link.js";
import type { Connection } from "./connection.js";
import type { EndReason } from "./end-reason.js";
import type { Transport } from "./transport.js";

/** What all connections of a hub share. */
export interface ConnectionContext {
  readonly maxPayloadBytes: number;
  readonly maxBufferedBytes: number;
  /** Watches sockets that must take bytes. */
  readonly stalls: { add(connection: Connection): void; delete(connection: Connection): void };
  /** Position of the newest entry in the log. */
  readonly head: number;
  /** Milliseconds that a browser waits before it reconnects, drawn anew so that not all reconnect at once. */
  drawRetryMs(): number;
  /** Rooms were joined after the tick of `req.sse.join()`, or left. */
  onRooms(connection: Connection, rooms: readonly string[], change: "join" | "leave"): void;
  /** Called once for each connection. */
  onEnd(connection: Connection, reason: EndReason): void;
  report(error: SseHubError): void;
}

/** What a connection is made from. */
export interface StreamParts {
  readonly transport: Transport;
  /** The session to watch; `null` for none. */
  readonly session: SessionLink | null;
  /** The cookie or token to watch; `null` for none. */
  readonly credential: CredentialLink | null;
  /** True for `req.sse.open()`: a stream that no broadcast reaches. */
  readonly isOwn: boolean;
  /** True for a client of another library, which is sent no `hub:` events, no ids and no `retry:`. */
  readonly isRaw?: boolean;
}
