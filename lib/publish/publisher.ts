import { compileMatcher } from "../audience/compile-matcher.js";
import type { Matcher } from "../audience/matcher.js";
import type { SseHubError } from "../errors/sse-hub-error.js";
import type { EventLog, LogHealth } from "../log/event-log.js";
import type { CancelOptions, Run, RunOptions, Runner, RunSource } from "../run/run.js";
import { Runs } from "../run/runs.js";
import type { RecallReason } from "../session/recalls.js";
import { traceBroadcast } from "./broadcast-trace.js";
import { RoutedBroadcaster, type Broadcaster } from "./broadcaster.js";
import { HubEmitter } from "./hub-events.js";
import { Publishing } from "./publishing.js";
import { broadcastWithin, type TransactionBroadcaster } from "./transaction-broadcaster.js";

/** Sends to the browsers of an application from a process that has no streams: a worker, a cron job. */
export interface Publisher extends Broadcaster, Runner {
  /** Like `hub.within()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
  within(transaction: object): TransactionBroadcaster;
  /**
   * Like `hub.refresh()`: ends the streams of the users that match; their browsers reconnect.
   * Resolves once the log has accepted the message to the nodes.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  refresh(matcher: Matcher): Promise<void>;
  /** Like `hub.disconnect()`: their browsers do not reconnect. @throws SseHubTypeError `ERR_SSE_FILTER` */
  disconnect(matcher: Matcher): Promise<void>;
  /** The state of the connection to the log. */
  health(): LogHealth;
  on(event: "error", listener: (error: SseHubError) => void): this;
  off(event: "error", listener: (error: SseHubError) => void): this;
  /**
   * Sends the events that still wait, for up to a second, and closes the connections to the log. Runs that have not
   * ended become `lost`: await their `done` first. Idempotent.
   */
  close(): Promise<void>;
}

/** Publishes to a shared log that the nodes of the application follow. */
export class LogPublisher extends RoutedBroadcaster implements Publisher {
  readonly #log: EventLog;
  readonly #emitter = new HubEmitter();
  readonly #runs: Runs;
  readonly #publishing: Publishing;
  #isClosed = false;

  /** @param maxPayloadBytes the largest data of an event, in bytes of UTF-8 */
  constructor(log: EventLog, maxPayloadBytes: number) {
    super(() => this.#publishing);
    this.#log = log;
    this.#publishing = new Publishing({
      log,
      maxPayloadBytes,
      trace: (event, send) => traceBroadcast(this, event, send),
      isClosed: () => this.#isClosed,
      // Only the nodes know whether their requests have sessions.
      checkFilter: () => undefined,
      hints: null,
      // This process delivers nothing, so there are no passes to time.
      times: { isTimed: false, note: () => undefined },
      whenServed: null,
      report: this.#report,
    });
    this.#runs = new Runs({
      log,
      maxPayloadBytes,
      isClosed: () => this.#isClosed,
      checkFilter: () => undefined,
      report: this.#report,
      listener: null,
    });
    log.follow({
      onMove: () => undefined,
      onNotice: ({ kind, run, token }) => {
        if (kind === "cancel") this.#runs.onCancel(String(run), String(token));
      },
      onBreak: () => undefined,
      // A publisher has no connections, so it has no answer.
      onQuestion: () => null,
      onError: this.#report,
    });
  }

  within(transaction: object): TransactionBroadcaster {
    return broadcastWithin(this.#publishing, transaction);
  }

  refresh(matcher: Matcher): Promise<void> {
    return this.#recall("refresh", matcher);
  }

  disconnect(matcher: Matcher): Promise<void> {
    return this.#recall("stop", matcher);
  }

  run(id: string, source: RunSource, options: RunOptions): Run {
    return this.#runs.run(id, source, options);
  }

  cancel(id: string, options: CancelOptions = {}): Promise<boolean> {
    return this.#runs.cancel(id, options);
  }

  health(): LogHealth {
    return this.#log.health;
  }

  on(event: "error", listener: (error: SseHubError) => void): this {
    this.#emitter.on(event, listener);
    return this;
  }

  off(event: "error", listener: (error: SseHubError) => void): this {
    this.#emitter.off(event, listener);
    return this;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#runs.close(0);
    await this.#log.close();
  }

  #recall(kind: RecallReason, matcher: Matcher): Promise<void> {
    compileMatcher(matcher);
    const told = this.#log.tell({ kind, matcher });
    told.catch(this.#report);
    return told;
  }

  readonly #report = (error: SseHubError): void => {
    this.#emitter.report(error);
  };
}
