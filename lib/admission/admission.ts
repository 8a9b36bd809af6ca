import { Counts } from "../diagnostics/counts.js";
import { judge, needsNews, returnOf, type ReturnVerdict, type Verdict } from "../log/cursor.js";
import type { EventLog } from "../log/event-log.js";
import { onOutdated } from "../session/reconnect-delay.js";
import type { SessionMonitor } from "../session/session-monitor.js";
import { SseHubError, describe } from "../errors/sse-hub-error.js";
import { userKeyOf, type User } from "../user/user.js";
import { withDeadline } from "../async/with-deadline.js";
import { nextTurn } from "../async/next-turn.js";
import { LimitCounter, type Limits } from "./limits.js";
import type { RefusalReason } from "./refusal-reason.js";
import { Refusals } from "./refusals.js";
import type { ConnectionContext, StreamParts } from "../connection/stream-connection.js";
import type { Delivery } from "../delivery/delivery.js";
import { LogReader, type Arrival } from "../delivery/log-reader.js";
import type { Transport } from "../connection/transport.js";

// Who is turned away because there are too many comes back later than who merely lost the stream.
const BUSY_FACTOR = 5;

// A store that takes longer to save is in trouble.
const STORE_MS = 5_000;

/** The state to begin with: an event and its data. */
export type First = () =>
  readonly [event: string, data: unknown] | Promise<readonly [string, unknown]>;

/** What is known of every request for a stream. */
export interface Asking {
  readonly transport: Transport;
  /** True for a stream of its own, which has no place in the log. */
  readonly isOwn: boolean;
  /** The cursor the browser has brought. */
  readonly lastEventId: string | undefined;
}

/** A request that wants to be a stream: the head of its response is fixed, and nothing is sent. */
export interface AdmissionRequest extends Asking, StreamParts {
  readonly rooms: readonly string[];
  readonly first: First | null;
  /** True when the browser asks to be told as soon as it has been given all there was. */
  readonly wantsTick: boolean;
  readonly user: User | undefined | Promise<User | undefined>;
  /** What {@link Recalls.serial} was when the user was asked for. */
  readonly askedAt: number;
  /** The browser's address; not asked for where nothing depends on it. */
  addressOf(): string | undefined;
  /** What must be done before the first byte, such as saving a session made in this request. */
  readonly whenReady: Promise<void> | null;
}

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

/** The door of the hub: from a request to an open connection, or to an answer EventSource survives. */
export class Admission {
  /** Connections that were told `hub:open`, so far. */
  opened = 0;
  /** The same by what became of their cursors, without streams of their own. */
  readonly returns = new Counts<ReturnVerdict>();
  readonly refusals: Refusals;
  readonly #parts: AdmissionParts;
  readonly #log: EventLog;
  readonly #monitor: SessionMonitor;
  readonly #limits: LimitCounter;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#log = parts.log;
    this.#monitor = parts.sessionMonitor;
    this.#limits = new LimitCounter(parts.limits);
    this.refusals = new Refusals((reason) => {
      parts.onRefusal(reason);
    });
  }

  /**
   * Lets a request in. It is registered at once and receives nothing until its user and the verdict
   * on its cursor are known; what is broadcast meanwhile waits for it in the log.
   */
  accept(applicant: AdmissionRequest): LogReader {
    if (this.#parts.isDraining()) return this.refuse(applicant, "draining");
    const connection = new LogReader(this.#parts.context, applicant, this.#arrivalOf(applicant));
    if (!(applicant.user instanceof Promise)) connection.tag(applicant.user);
    const limit = this.#findReached(connection, applicant);
    if (limit !== undefined) {
      this.#turnBack(connection, limit, BUSY_FACTOR);
      return connection;
    }
    connection.joinAll(applicant.rooms);
    this.#parts.onRegister(connection, { isFresh: applicant.lastEventId === undefined });
    connection.watchClose();
    this.#open(connection, applicant).catch((cause: unknown) => {
      const error = new SseHubError("ERR_SSE_USER", USER_FAILED, { cause });
      this.#parts.context.report(cause instanceof SseHubError ? cause : error);
      connection.finish("error");
    });
    return connection;
  }

  /** Answers so that the browser asks again later, from the place it has now. */
  refuse(asking: Asking, reason: RefusalReason): LogReader {
    const connection = this.#createWithout(asking.transport, this.#arrivalOf(asking));
    this.#turnBack(connection, reason);
    return connection;
  }

  /** Gives an ended connection for a request that can have no stream. */
  turnAway(transport: Transport): LogReader {
    const connection = this.#createWithout(transport, null);
    connection.finish("gone");
    return connection;
  }

  #createWithout(transport: Transport, arrival: Arrival | null): LogReader {
    const parts = { transport, session: null, isOwn: false };
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

  async #open(connection: LogReader, applicant: AdmissionRequest): Promise<void> {
    const place = this.#placeNow();
    if (!(await this.#isReady(connection, applicant))) return;
    beginSoon(connection);
    if (applicant.user instanceof Promise) {
      connection.tag(await applicant.user);
      // Who has left gives no place back a second time.
      if (connection.hasEnded) return;
      if (!this.#limits.tryEnter(connection, "perUser", () => keyOf(connection.user))) {
        this.#turnBack(connection, "perUser", BUSY_FACTOR);
      }
    }
    // Rooms joined in the tick of join() count for replay, like those named at join.
    await Promise.all([this.#isStillTrue(connection), nextTurn()]);
    if (connection.hasEnded) return;
    if (!applicant.isOwn && needsNews(this.#log, applicant.lastEventId)) await this.#log.catchUp();
    if (connection.hasEnded) return;
    const recall = this.#monitor.recalls.since(applicant.askedAt, connection.user);
    if (recall !== undefined) {
      this.#monitor.recall(connection, recall);
      return;
    }
    if (this.#monitor.isOver(connection)) {
      // Not soon: whoever gives users whose time is over would give it again.
      connection.finish("user");
      return;
    }
    // What came since the registration is for this connection, unless the log has begun anew.
    const { head } =
      place.generation === this.#parts.delivery.generation ? place : this.#placeNow();
    const needsState = this.#welcome(connection, applicant, head);
    if (this.#parts.releaseRequest) connection.transport.release();
    if (needsState && applicant.first !== null) await this.#begin(connection, applicant.first);
    if (applicant.wantsTick) connection.askForTick();
    if (!connection.hasEnded) this.#parts.delivery.begin(connection, { needsState });
  }

  #placeNow(): { readonly head: number; readonly generation: number } {
    return { head: this.#log.head, generation: this.#parts.delivery.generation };
  }

  #welcome(connection: LogReader, applicant: AdmissionRequest, head: number): boolean {
    const verdict: Verdict = applicant.isOwn
      ? { recovered: null }
      : judge(this.#log, applicant.lastEventId);
    const position = verdict.recovered === true ? verdict.position : head;
    // What a page was given to begin with holds for a return that gets all it missed, as the same user.
    const needsState = verdict.recovered !== true || verdict.isOther;
    const beginning = {
      position,
      epoch: this.#log.epoch,
      generation: this.#parts.delivery.generation,
      volatileFrom: this.#log.head,
      needsInitialState: needsState && !applicant.isOwn && this.#hasState(applicant),
    };
    connection.startAt(beginning, {
      recovered: verdict.recovered,
      ...(verdict.recovered === false ? { reason: verdict.reason } : {}),
    });
    this.#noteOpen(connection, verdict);
    return needsState;
  }

  #hasState({ first }: AdmissionRequest): boolean {
    return first !== null || this.#log.retained[Symbol.iterator]().next().done !== true;
  }

  #noteOpen(connection: LogReader, verdict: Verdict): void {
    const cursor = connection.isOwn ? null : returnOf(verdict);
    this.opened += 1;
    if (cursor !== null) this.returns.add(cursor);
    this.#parts.onOpen(connection, cursor);
  }

  async #begin(connection: LogReader, first: First): Promise<void> {
    try {
      const state: unknown = await first();
      if (!Array.isArray(state))
        throw new TypeError(`first gave ${describe(state)}, not [event, data]`);
      connection.give(state[0], state[1]);
    } catch (cause) {
      this.#parts.context.report(new SseHubError("ERR_SSE_SOURCE", FIRST_FAILED, { cause }));
      connection.finish("error");
    }
  }

  // Between the beginning of the request and the registration nobody told of a change.
  async #isStillTrue(connection: LogReader): Promise<void> {
    if (connection.session === null) return;
    try {
      const verdict = await this.#monitor.sessions.verify(connection.session);
      const isOutdated =
        verdict === "changed" || (verdict === "gone" && connection.user !== undefined);
      if (isOutdated) onOutdated(connection);
    } catch (cause) {
      this.#putOff(connection, cause);
    }
  }

  #putOff(connection: LogReader, cause: unknown): void {
    this.#parts.context.report(new SseHubError("ERR_SSE_STORE", STORE_FAILED, { cause }));
    if (!connection.hasEnded) this.#turnBack(connection, "store");
  }

  async #isReady(connection: LogReader, { whenReady }: AdmissionRequest): Promise<boolean> {
    if (whenReady === null) return true;
    try {
      await withDeadline(whenReady, STORE_MS, "The session store");
    } catch (cause) {
      this.#putOff(connection, cause);
      return false;
    }
    return !connection.hasEnded;
  }

  /** @param factor how much later than usual it is to ask again */
  #turnBack(connection: LogReader, reason: RefusalReason, factor = 1): void {
    connection.refuse(this.#parts.context.drawRetryMs() * factor);
    this.refusals.note(reason);
  }

  #findReached(connection: LogReader, applicant: AdmissionRequest): keyof Limits | undefined {
    const keys: ReadonlyArray<readonly [keyof Limits, () => string | undefined]> = [
      ["connections", () => ""],
      ["perAddress", () => applicant.addressOf()],
      ["perSession", () => applicant.session?.key],
      ["perUser", () => keyOf(connection.user)],
    ];
    return keys.find(([limit, key]) => !this.#limits.tryEnter(connection, limit, key))?.[0];
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

const FIRST_FAILED =
  "first, the state a stream begins with, could not be had, so the stream has ended. " +
  "The browser asks again.";

const STORE_FAILED =
  "The session store failed while a stream was opened, so the stream was put off. " +
  "Look at the store; browsers ask again by themselves.";
