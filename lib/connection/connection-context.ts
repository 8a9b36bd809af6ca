import type { SseHubError } from "../errors/sse-hub-error.js";
import type { CredentialLink } from "../user/credential-link.js";
import type { SessionLink } from "../user/session-link.js";
import type { Connection } from "./connection.js";
import type { EndReason } from "./end-reason.js";
import type { Transport } from "./transport.js";

/** What all connections of a hub have in common. */
export interface ConnectionContext {
  readonly maxPayloadBytes: number;
  readonly maxBufferedBytes: number;
  /** Watches the sockets that are waited for. */
  readonly stalls: { add(connection: Connection): void; delete(connection: Connection): void };
  /** Position of the newest entry in the log. */
  readonly head: number;
  /** Milliseconds after which a browser is asked to return: spread, so that not all come at once. */
  drawRetryMs(): number;
  /** Rooms were joined after the tick of `req.sse.join()`, or left. */
  onRooms(connection: Connection, rooms: readonly string[], change: "join" | "leave"): void;
  /** Called once for each connection. */
  onEnd(connection: Connection, reason: EndReason): void;
  report(error: SseHubError): void;
}

/** What a connection is made of. */
export interface StreamParts {
  readonly transport: Transport;
  /** The session behind it; `null` where there is none to be watched. */
  readonly session: SessionLink | null;
  /** What has proved its user; `null` where nothing is to be watched. */
  readonly credential: CredentialLink | null;
  readonly isOwn: boolean;
  /** For a client that knows no hub: it is sent no `hub:` events, no ids and no `retry:`. */
  readonly isRaw?: boolean;
}
