import { Counts } from "../diagnostics/counts.js";
import { needsNews, returnOf, type ReturnVerdict, type Verdict } from "../log/cursor.js";
import type { EventLog } from "../log/event-log.js";
import type { SessionMonitor } from "../session/session-monitor.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import { userKeyOf, type User } from "../user/user.js";
import { nextTurn } from "../async/next-turn.js";
import { LimitCounter, type Limits } from "./limits.js";
import type { RefusalReason } from "./refusal-reason.js";
import { Refusals } from "./refusals.js";
import type { ConnectionContext } from "../connection/connection-context.js";
import type { AdmissionRequest, Asking } from "./admission-request.js";
import { giveFirst } from "./first-state.js";
import { LoginChecks } from "./login-checks.js";
import { placeNow } from "./place.js";
import { welcome } from "./welcome.js";
import type { Delivery } from "../delivery/delivery.js";
import { LogReader, type Arrival } from "../delivery/log-reader.js";
import type { Transport } from "../connection/transport.js";

// Who is turned away because there are too many comes back later than who merely lost the stream.
const BUSY_FACTOR = 5;

/** What admission is made of. */
export interface AdmissionParts {
  readonly log: EventLog;
  readonly limits: Limits;
  /** True when nothing but the socket is to be kept of a request once it is a stream. */
  readonly releaseRequest: boolean;
  readonly context: ConnectionContext;
  readonly delivery: Delivery;
  readonly sessionMonitor: SessionMonitor;
  readonly isDraining: () => boolean;
  /** Called with a connection that is let in: counted from here on, receiving nothing. */
  onRegister(connection: LogReader, arrival: { readonly isFresh: boolean }): void;
  /**
   * Called when a connection was told `hub:open`.
   *
   * @param cursor what became of the browser's; `null` for a stream of its own
   */
  onOpen(connection: LogReader, cursor: ReturnVerdict | null): void;
  /** Called when a request for a stream gets none. */
  onRefusal(reason: RefusalReason): void;
}

/** Turns a request into an open stream, or into an answer after which EventSource asks again. */
export class Admission {
  /** Connections that were told `hub:open`, so far. */
  opened = 0;
  /** The same by what became of their cursors, without streams of their own. */
  readonly returns = new Counts<ReturnVerdict>();
  readonly refusals: Refusals;
  readonly #parts: AdmissionParts;
  readonly #log: EventLog;
  readonly #checks: LoginChecks;
  readonly #limits: LimitCounter;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#log = parts.log;
    this.#checks = new LoginChecks({
      ...parts,
      onStoreTrouble: (connection, cause) => {
        this.#putOff(connection, cause);
      },
    });
    this.#limits = new LimitCounter(parts.limits);
    this.refusals = new Refusals((reason) => {
      parts.onRefusal(reason);
    });
  }

  /**
   * Lets a request in. It is registered at once and receives nothing until its user and the verdict
   * on its cursor are known; what is broadcast meanwhile waits for it in the log.
   */
  accept(request: AdmissionRequest): LogReader {
    if (this.#parts.isDraining()) return this.refuse(request, "draining");
    const connection = new LogReader(this.#parts.context, request, this.#arrivalOf(request));
    if (!(request.user instanceof Promise)) connection.tag(request.user);
    const limit = this.#limits.findReached(connection, {
      connections: () => "",
      perAddress: () => request.addressOf(),
      perSession: () => this.#loginOf(request),
      perUser: () => keyOf(connection.user),
    });
    if (limit !== undefined) {
      this.#turnBack(connection, limit, BUSY_FACTOR);
      return connection;
    }
    connection.joinAll(request.rooms);
    this.#parts.onRegister(connection, { isFresh: request.lastEventId === undefined });
    connection.watchClose();
    this.#open(connection, request).catch((cause: unknown) => {
      const error = new SseHubError("ERR_SSE_USER", USER_FAILED, { cause });
      this.#parts.context.report(cause instanceof SseHubError ? cause : error);
      connection.finish("error");
    });
    return connection;
  }

  /** Answers so that the browser asks again later, from the place it has now. */
  refuse(asking: Asking, reason: RefusalReason): LogReader {
    const connection = this.#createWithout(asking, this.#arrivalOf(asking));
    this.#turnBack(connection, reason);
    return connection;
  }

  /** Gives an ended connection for a request that can have no stream. */
  turnAway(transport: Transport): LogReader {
    const connection = this.#createWithout({ transport }, null);
    connection.finish("gone");
    return connection;
  }

  #createWithout(
    { transport, isRaw = false }: Pick<Asking, "transport" | "isRaw">,
    arrival: Arrival | null,
  ): LogReader {
    const parts = { transport, session: null, credential: null, isOwn: false, isRaw };
    return new LogReader(this.#parts.context, parts, arrival);
  }

  #arrivalOf({ isOwn, lastEventId }: Asking): Arrival | null {
    if (isOwn) return null;
    const brought = lastEventId === "" ? undefined : lastEventId;
    return { epoch: this.#log.epoch, head: this.#log.head, lastEventId: brought };
  }

  /** Frees the places of a connection that has ended. */
  leave(connection: LogReader): void {
    this.#limits.leave(connection);
  }

  async #open(connection: LogReader, request: AdmissionRequest): Promise<void> {
    const { delivery } = this.#parts;
    const place = placeNow(this.#log, delivery);
    if (!(await this.#checks.isReady(connection, request))) return;
    beginSoon(connection);
    if (request.user instanceof Promise) {
      connection.tag(await request.user);
      // Who has left gives no place back a second time.
      if (connection.hasEnded) return;
      if (!this.#limits.tryEnter(connection, "perUser", () => keyOf(connection.user))) {
        this.#turnBack(connection, "perUser", BUSY_FACTOR);
      }
    }
    // Rooms joined in the tick of join() count for replay, like those named at join.
    await Promise.all([this.#checks.lookAgain(connection), nextTurn()]);
    if (connection.hasEnded) return;
    if (!request.isOwn && needsNews(this.#log, request.lastEventId)) await this.#log.catchUp();
    if (!(await this.#checks.isInformed(connection, place))) return;
    if (!(await this.#checks.isReleased(connection))) return;
    if (!this.#checks.isWelcome(connection, request)) return;
    // What came since the registration is for this connection, unless the log has begun anew.
    const isSameLog = place.generation === delivery.generation;
    const begin = isSameLog ? place : placeNow(this.#log, delivery);
    const { verdict, needsState } = welcome(connection, request, this.#log, begin);
    this.#noteOpen(connection, verdict);
    if (this.#parts.releaseRequest) connection.transport.release();
    request.feed?.begin(connection);
    if (needsState && request.first !== null) await giveFirst(connection, request.first);
    if (request.wantsTick) connection.askForTick();
    if (connection.isHeld) await connection.whenReleased();
    if (!connection.hasEnded) delivery.begin(connection, { needsState });
  }

  #noteOpen(connection: LogReader, verdict: Verdict): void {
    const cursor = connection.isOwn ? null : returnOf(verdict);
    this.opened += 1;
    if (cursor !== null) this.returns.add(cursor);
    this.#parts.onOpen(connection, cursor);
  }

  #loginOf({ session, credential }: AdmissionRequest): string | undefined {
    if (session !== null || credential === null) return session?.key;
    return this.#parts.sessionMonitor.credentials.all.idOf(credential.key);
  }

  #putOff(connection: LogReader, cause: unknown): void {
    this.#parts.context.report(new SseHubError("ERR_SSE_STORE", STORE_FAILED, { cause }));
    if (!connection.hasEnded) this.#turnBack(connection, "store");
  }

  /** @param factor how much later than usual it is to ask again */
  #turnBack(connection: LogReader, reason: RefusalReason, factor = 1): void {
    connection.refuse(this.#parts.context.drawRetryMs() * factor);
    this.refusals.note(reason);
  }
}

function keyOf(user: User | undefined): string | undefined {
  return user === undefined ? undefined : userKeyOf(user);
}

// What is not known within the turn of the request is not waited for: the headers go out.
function beginSoon(connection: LogReader): void {
  setImmediate(() => {
    setImmediate(() => {
      if (!connection.hasEnded) connection.begin();
    });
  });
}

const USER_FAILED =
  "The user function of sse() failed after req.sse.join(), so the stream has ended. Await " +
  "req.sse.identify() or use requireUser() before, to answer such a request with an error.";

const STORE_FAILED =
  "The session store failed while a stream was opened, so the stream was put off. " +
  "Look at the store; browsers ask again by themselves.";
