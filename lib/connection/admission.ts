import { randomBytes } from "node:crypto";
import { setImmediate as nextTick } from "node:timers/promises";
import { judge, toId } from "../log/cursor.js";
import type { EventLog } from "../log/event-log.js";
import { SseHubError } from "../sse-hub-error.js";
import type { User } from "../user.js";
import { StreamConnection, type ConnectionHost } from "./connection.js";
import type { Transport } from "./transport.js";

/** A request that wants to be a stream: the head of its response is fixed, and nothing is sent. */
export interface Applicant {
  readonly transport: Transport;
  readonly rooms: readonly string[];
  readonly lastEventId: string | undefined;
  readonly user: User | undefined | Promise<User | undefined>;
  /** What must be done before the first byte, such as saving a session made in this request. */
  readonly whenReady: Promise<void> | null;
}

/** What admission needs of its hub. */
export interface AdmissionHost extends ConnectionHost {
  readonly isDraining: boolean;
  readonly retryMs: readonly [min: number, max: number];
  report(error: SseHubError): void;
  /** Takes a connection in: counted from here on, receiving nothing. */
  onRegister(connection: StreamConnection): void;
  /** A connection was told `hub:open` and reads on from its position. */
  onOpen(connection: StreamConnection): void;
}

/** The door of the hub: from a request to an open connection, or to an answer EventSource survives. */
export class Admission {
  readonly #host: AdmissionHost;
  readonly #log: EventLog;

  constructor(host: AdmissionHost, log: EventLog) {
    this.#host = host;
    this.#log = log;
  }

  /**
   * Lets a request in. It is registered at once and receives nothing until its user and the verdict
   * on its cursor are known; what is broadcast meanwhile waits for it in the log.
   */
  accept(applicant: Applicant): StreamConnection {
    if (this.#host.isDraining) return this.refuse(applicant.transport);
    const connection = this.#create(applicant.transport);
    connection.join(...applicant.rooms);
    this.#host.onRegister(connection);
    if (applicant.whenReady === null) connection.begin(this.drawRetryMs());
    if (!(applicant.user instanceof Promise)) connection.tag(applicant.user);
    this.#open(connection, applicant, this.#log.head).catch((cause: unknown) => {
      this.#host.report(
        cause instanceof SseHubError
          ? cause
          : new SseHubError("ERR_SSE_USER", USER_FAILED, { cause }),
      );
      connection.end("error");
    });
    return connection;
  }

  /** Answers so that the browser asks again later. */
  refuse(transport: Transport): StreamConnection {
    const connection = this.#create(transport);
    connection.refuse(this.drawRetryMs());
    return connection;
  }

  /** Gives an ended connection for a request that can have no stream. */
  turnAway(transport: Transport): StreamConnection {
    const connection = this.#create(transport);
    connection.abandon();
    return connection;
  }

  /** Milliseconds after which a browser is asked to return: spread, so that not all come at once. */
  drawRetryMs(): number {
    const [min, max] = this.#host.retryMs;
    return Math.round(min + Math.random() * (max - min));
  }

  async #open(connection: StreamConnection, applicant: Applicant, head: number): Promise<void> {
    if (applicant.whenReady !== null) {
      try {
        await applicant.whenReady;
      } catch (cause) {
        this.#host.report(new SseHubError("ERR_SSE_STORE", STORE_FAILED, { cause }));
        connection.refuse(this.drawRetryMs());
        return;
      }
      connection.begin(this.drawRetryMs());
    }
    connection.tag(await applicant.user);
    // Rooms joined in the tick of join() count for replay, like those named at join.
    await nextTick();
    if (connection.hasEnded) return;
    const verdict = judge(this.#log, applicant.lastEventId);
    const position = verdict.recovered === true ? verdict.position : head;
    const reason = verdict.recovered === false ? { reason: verdict.reason } : {};
    connection.open(position, toId(this.#log.epoch, position), {
      recovered: verdict.recovered,
      ...reason,
    });
    this.#host.onOpen(connection);
  }

  #create(transport: Transport): StreamConnection {
    return new StreamConnection(randomBytes(12).toString("base64url"), this.#host, transport);
  }
}

const USER_FAILED =
  "The user function of sse() failed after req.sse.join(), so the stream has ended. Await " +
  "req.sse.identify() or use requireUser() before, to answer such a request with an error.";

const STORE_FAILED =
  "The session made in a request could not be saved, so its stream was put off. " +
  "Look at the session store; browsers ask again by themselves.";
