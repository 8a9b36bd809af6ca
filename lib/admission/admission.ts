import { Counts } from "../diagnostics/counts.js";
import { needsNews, returnOf, type ReturnVerdict, type Verdict } from "../log/cursor.js";
import type { EventLog } from "../log/event-log.js";
import type { SessionMonitor } from "../session/session-monitor.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import { userKeyOf, type User } from "../user/user.js";
import { both } from "../async/both.js";
import { nextTurn } from "../async/next-turn.js";
import { LimitCounter, type Limits } from "./limits.js";
import type { RefusalReason } from "./refusal-reason.js";
import { Refusals, retryFactorOf } from "./refusals.js";
import type { ConnectionContext } from "../connection/connection-context.js";
import type { AdmissionRequest, RefusableRequest } from "./admission-request.js";
import { sendFirst } from "./first-state.js";
import { LoginChecks } from "./login-checks.js";
import { takeSnapshot } from "./log-snapshot.js";
import { startStream } from "./start-stream.js";
import type { Delivery } from "../delivery/delivery.js";
import { LogReader, type Arrival } from "../delivery/log-reader.js";
import type { Transport } from "../connection/transport.js";

/** What is known about a connection when it is registered. */
export interface Registration {
  /** True if the browser sent no cursor. */
  readonly isFresh: boolean;
  readonly addressOf: () => string | undefined;
}

/** What {@link Admission} is given by the hub. */
export interface AdmissionParts {
  readonly log: EventLog;
  readonly limits: Limits;
  /** True to keep only the socket of a request once it is a stream. */
  readonly releaseRequest: boolean;
  readonly context: ConnectionContext;
  readonly delivery: Delivery;
  readonly sessionMonitor: SessionMonitor;
  readonly isDraining: () => boolean;
  /** Called with a connection that is admitted: it counts from now on, and receives nothing yet. */
  onRegister(connection: LogReader, arrival: Registration): void;
  /**
   * Called when a connection was sent `hub:open`.
   *
   * @param cursor the verdict on the browser's cursor; `null` for `req.sse.open()`
   */
  onOpen(connection: LogReader, cursor: ReturnVerdict | null): void;
  /** Called when a request for a stream is refused. */
  onRefusal(reason: RefusalReason): void;
}

/** Turns a request into an open stream, or into an answer after which EventSource asks again. */
export class Admission {
  /** Number of connections that were sent `hub:open` so far. */
  opened = 0;
  /** The same by the verdict on their cursors, without streams of `req.sse.open()`. */
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
   * Admits a request. Its connection is registered at once, and receives nothing until its user and the verdict
   * on its cursor are known. Events that are broadcast meanwhile wait for it in the log.
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
      this.#turnBack(connection, limit);
      return connection;
    }
    connection.joinAll(request.rooms);
    this.#parts.onRegister(connection, {
      isFresh: request.lastEventId === undefined,
      addressOf: () => request.addressOf(),
    });
    connection.watchClose();
    this.#open(connection, request).catch((cause: unknown) => {
      const error = new SseHubError("ERR_SSE_USER", USER_FAILED, { cause });
      this.#parts.context.report(cause instanceof SseHubError ? cause : error);
      connection.finish("error");
    });
    return connection;
  }

  /** Answers so that the browser asks again later, with the cursor that it has now. */
  refuse(asking: RefusableRequest, reason: RefusalReason): LogReader {
    const connection = this.#createWithout(asking, this.#arrivalOf(asking));
    this.#turnBack(connection, reason);
    return connection;
  }

  /** Returns a connection that has ended, for a request that can have no stream. */
  turnAway(transport: Transport): LogReader {
    const connection = this.#createWithout({ transport }, null);
    connection.finish("gone");
    return connection;
  }

  #createWithout(
    { transport, isRaw = false }: Pick<RefusableRequest, "transport" | "isRaw">,
    arrival: Arrival | null,
  ): LogReader {
    const parts = { transport, session: null, credential: null, isOwn: false, isRaw };
    return new LogReader(this.#parts.context, parts, arrival);
  }

  #arrivalOf({ isOwn, lastEventId }: RefusableRequest): Arrival | null {
    if (isOwn) return null;
    const brought = lastEventId === "" ? undefined : lastEventId;
    return { epoch: this.#log.epoch, head: this.#log.head, lastEventId: brought };
  }

  /** Stops counting a connection that has ended towards the limits. */
  leave(connection: LogReader): void {
    this.#limits.leave(connection);
  }

  async #open(connection: LogReader, request: AdmissionRequest): Promise<void> {
    const { delivery } = this.#parts;
    const snapshot = takeSnapshot(this.#log, delivery);
    if (!(await this.#checks.isReady(connection, request))) return;
    void beginSoon(connection);
    if (request.user instanceof Promise) {
      connection.tag(await request.user);
      // A connection that has ended was removed from the limits before, and would never be removed again.
      if (connection.hasEnded) return;
      if (!this.#limits.tryEnter(connection, "perUser", () => keyOf(connection.user))) {
        this.#turnBack(connection, "perUser");
      }
    }
    // Rooms that are joined in the same tick as req.sse.join() count for replay, like the rooms given to it.
    const readAt = this.#hearsAllFor(request) ? request.sessionReadAt : null;
    await both(this.#checks.recheck(connection, readAt), nextTurn());
    if (connection.hasEnded) return;
    if (!request.isOwn && needsNews(this.#log, request.lastEventId)) await this.#log.catchUp();
    // A response is changing its credential. The log may break meanwhile.
    if (connection.isHeld) await connection.whenReleased();
    if (!(await this.#checks.isInformed(connection, request, snapshot))) return;
    if (!this.#checks.isCurrent(connection, request)) return;
    // Entries since the registration are for this connection, unless the log has broken meanwhile.
    const isSameLog = snapshot.generation === delivery.generation;
    const begin = isSameLog ? snapshot : takeSnapshot(this.#log, delivery);
    const { verdict, needsState } = startStream(connection, request, this.#log, begin);
    this.#noteOpen(connection, verdict);
    if (this.#parts.releaseRequest) connection.transport.release();
    request.feed?.begin(connection);
    if (needsState && request.first !== null) {
      await sendFirst(connection, request.first, () => this.#mayReceive(connection));
    }
    if (request.wantsTick) connection.askForTick();
    if (connection.isHeld) await connection.whenReleased();
    if (!connection.hasEnded) delivery.begin(connection, { needsState });
  }

  // After a break of the log, delivery ends the streams whose login may have changed.
  #mayReceive(connection: LogReader): boolean {
    return !connection.hasLogin || this.#parts.delivery.isInOrder(connection);
  }

  // True if this node knows of every change of a session that must count for this stream. A change on another node is
  // known before any later entry of the log. But what else the stream is sent may be newer than the log as it was read
  // here, and a log that is away brings no changes.
  #hearsAllFor({ isOwn, first }: AdmissionRequest): boolean {
    if (!this.#log.isShared) return true;
    if (isOwn || first !== null) return false;
    return this.#log.epoch !== "" && this.#log.health.status === "ok";
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

  #turnBack(connection: LogReader, reason: RefusalReason): void {
    connection.refuse(this.#parts.context.drawRetryMs() * retryFactorOf(reason));
    this.refusals.note(reason);
  }
}

function keyOf(user: User | undefined): string | undefined {
  return user === undefined ? undefined : userKeyOf(user);
}

// If the user or the cursor is not known within the turn of the request, the headers are sent without them.
async function beginSoon(connection: LogReader): Promise<void> {
  await nextTurn();
  await nextTurn();
  if (!connection.hasEnded) connection.begin();
}

const USER_FAILED =
  "The user function of sse() failed after req.sse.join(), so the stream has ended. To answer such a request " +
  "with an error instead, await req.sse.identify() or use requireUser() before req.sse.join().";

const STORE_FAILED =
  "The session store failed while a stream was opened, so the browser was told to ask again later. " +
  "Look at the store; the browsers recover by themselves.";
