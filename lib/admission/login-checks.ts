import { withDeadline } from "../async/with-deadline.js";
import type { Delivery } from "../delivery/delivery.js";
import type { LogReader } from "../delivery/log-reader.js";
import { onOutdated } from "../session/reconnect-delay.js";
import type { SessionMonitor } from "../session/session-monitor.js";
import type { AdmissionRequest } from "./admission-request.js";
import type { Place } from "./place.js";

// A store that takes longer to save is in trouble.
const STORE_MS = 5_000;

/** What the checks ask. */
export interface LoginChecksParts {
  readonly delivery: Pick<Delivery, "generation">;
  readonly sessionMonitor: SessionMonitor;
  /** The session store has failed. */
  readonly onStoreTrouble: (connection: LogReader, cause: unknown) => void;
}

/**
 * Whether a connection that is being opened still belongs to its user: nobody told it of what changed between the
 * beginning of its request and its registration. Each check ends the connection where it does not.
 */
export class LoginChecks {
  readonly #parts: LoginChecksParts;
  readonly #monitor: SessionMonitor;

  constructor(parts: LoginChecksParts) {
    this.#parts = parts;
    this.#monitor = parts.sessionMonitor;
  }

  /** What the request wrote to its session is stored. */
  async isReady(connection: LogReader, { whenReady }: AdmissionRequest): Promise<boolean> {
    if (whenReady === null) return true;
    try {
      await withDeadline(whenReady, STORE_MS, "The session store");
    } catch (cause) {
      this.#parts.onStoreTrouble(connection, cause);
      return false;
    }
    return !connection.hasEnded;
  }

  /** Ends the connection unless its session and its credential are what they were. */
  async lookAgain(connection: LogReader): Promise<void> {
    if (!connection.hasLogin) return;
    const { session } = connection;
    try {
      const [verdict, isProven] = await Promise.all([
        session === null ? "same" : this.#monitor.sessions.verify(session),
        this.#monitor.credentials.checks.isProven(connection),
      ]);
      const isOutdated =
        verdict === "changed" || (verdict === "gone" && connection.user !== undefined);
      if (isOutdated || !isProven) onOutdated(connection);
    } catch (cause) {
      this.#parts.onStoreTrouble(connection, cause);
    }
  }

  /** What other nodes told while it waited is lost if the log broke meanwhile, or was first reached. */
  async isInformed(connection: LogReader, { epoch, ...place }: Place): Promise<boolean> {
    const { delivery } = this.#parts;
    let { generation } = place;
    while (!connection.hasEnded && connection.hasLogin) {
      if (generation === delivery.generation) return true;
      generation = delivery.generation;
      // A credential that is not in a store can be looked at again by nobody but the application.
      const canLook = connection.credential === null && (epoch === "" || connection.isOwn);
      if (canLook) await this.lookAgain(connection);
      else this.#monitor.refreshUncertain(connection);
    }
    return !connection.hasEnded;
  }

  /** Of a credential that is being changed it is known only later whether that is the same user's. */
  async isReleased(connection: LogReader): Promise<boolean> {
    if (connection.isHeld) await connection.whenReleased();
    if (!connection.hasEnded && this.#monitor.credentials.all.isOutdated(connection)) {
      onOutdated(connection);
    }
    return !connection.hasEnded;
  }

  /** Its user was not recalled since the application was asked for it, and has not expired. */
  isWelcome(connection: LogReader, { askedAt }: AdmissionRequest): boolean {
    const recall = this.#monitor.recalls.since(askedAt, connection.user);
    if (recall !== undefined) this.#monitor.recall(connection, recall);
    // Not soon: a user function that returns an expired user would return it again.
    else if (this.#monitor.isOver(connection)) connection.finish("user");
    else return true;
    return false;
  }
}
