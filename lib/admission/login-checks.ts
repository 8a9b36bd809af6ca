import { withDeadline } from "../async/with-deadline.js";
import type { Delivery } from "../delivery/delivery.js";
import type { LogReader } from "../delivery/log-reader.js";
import { onOutdated } from "../session/reconnect-delay.js";
import { isOutdatedBy } from "../session/sessions.js";
import type { SessionMonitor } from "../session/session-monitor.js";
import type { SessionLink } from "../user/session-link.js";
import type { AdmissionRequest } from "./admission-request.js";
import type { LogSnapshot } from "./log-snapshot.js";

// How long a store may take to save a session.
const STORE_MS = 5_000;

/** What {@link LoginChecks} is given by admission. */
export interface LoginChecksParts {
  readonly delivery: Pick<Delivery, "generation">;
  readonly sessionMonitor: SessionMonitor;
  /** The session store has failed. */
  readonly onStoreTrouble: (connection: LogReader, cause: unknown) => void;
}

/**
 * Checks that a connection which is being opened still belongs to its user: it was not told of changes between the
 * start of its request and its registration. Each check ends the connection if it no longer does.
 *
 * Most connections need not wait for anything. The checks are not asynchronous then, because that would take as long as
 * the checks themselves.
 */
export class LoginChecks {
  readonly #parts: LoginChecksParts;
  readonly #monitor: SessionMonitor;

  constructor(parts: LoginChecksParts) {
    this.#parts = parts;
    this.#monitor = parts.sessionMonitor;
  }

  /** Waits until the request's own changes to its session are saved. */
  isReady(connection: LogReader, { whenReady }: AdmissionRequest): boolean | Promise<boolean> {
    return whenReady === null || this.#awaitReady(connection, whenReady);
  }

  async #awaitReady(connection: LogReader, whenReady: Promise<unknown>): Promise<boolean> {
    try {
      await withDeadline(whenReady, STORE_MS, "The session store");
    } catch (cause) {
      this.#parts.onStoreTrouble(connection, cause);
      return false;
    }
    return !connection.hasEnded;
  }

  /**
   * Compares the session with the store, and verifies the credential again. Ends the connection if either has changed.
   *
   * @param readAt see {@link AdmissionRequest.sessionReadAt}
   * @returns `null` if there is nothing to wait for
   */
  recheck(connection: LogReader, readAt: number | null): Promise<void> | null {
    const { session } = connection;
    const { sessions, credentials } = this.#monitor;
    const isSame = session === null || sessions.isStillAsRead(session, readAt);
    if (isSame && !credentials.checks.needsProof(connection)) return null;
    return this.#awaitVerdicts(connection, isSame ? null : session);
  }

  async #awaitVerdicts(connection: LogReader, session: SessionLink | null): Promise<void> {
    const { sessions, credentials } = this.#monitor;
    try {
      const [verdict, isProven] = await Promise.all([
        session === null ? ("same" as const) : sessions.verify(session),
        credentials.checks.isProven(connection),
      ]);
      if (isOutdatedBy(verdict, connection) || !isProven) onOutdated(connection);
    } catch (cause) {
      this.#parts.onStoreTrouble(connection, cause);
    }
  }

  /**
   * Checks again if the log broke since the request came, or was reached for the first time: messages of other nodes
   * may be lost.
   */
  isInformed(
    connection: LogReader,
    request: AdmissionRequest,
    snapshot: Pick<LogSnapshot, "epoch">,
  ): boolean | Promise<boolean> {
    const isSameLog = request.generation === this.#parts.delivery.generation;
    return isSameLog ? !connection.hasEnded : this.#inform(connection, request, snapshot);
  }

  async #inform(
    connection: LogReader,
    request: AdmissionRequest,
    { epoch }: Pick<LogSnapshot, "epoch">,
  ): Promise<boolean> {
    const { delivery } = this.#parts;
    let { generation } = request;
    while (!connection.hasEnded && connection.hasLogin) {
      if (generation === delivery.generation) return true;
      generation = delivery.generation;
      // Only the application can verify a credential, because it is in no store.
      const canLook = connection.credential === null && (epoch === "" || connection.isOwn);
      if (canLook) await this.recheck(connection, null);
      else this.#monitor.refreshUncertain(connection);
    }
    return !connection.hasEnded;
  }

  /**
   * The last check, just before the stream begins: what was opened before it in the same turn may have ended it, or have
   * changed its credential; its user may have been recalled since the application was asked for it, or have expired.
   */
  isCurrent(connection: LogReader, { askedAt, receivedAt }: AdmissionRequest): boolean {
    if (connection.hasEnded) return false;
    if (this.#monitor.credentials.all.isOutdated(connection, receivedAt)) {
      onOutdated(connection);
      return false;
    }
    const recall = this.#monitor.recalls.since(askedAt, connection.user);
    if (recall !== undefined) this.#monitor.recall(connection, recall);
    // Without the short retry of a change: a user function that returns an expired user would return it again.
    else if (this.#monitor.isOver(connection)) connection.finish("user");
    else return true;
    return false;
  }
}
