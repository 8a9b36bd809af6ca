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
  /** As `hub.within()`. @throws SseHubTypeError `ERR_SSE_OPTION` */
  within(transaction: object): TransactionBroadcaster;
  /**
   * As `hub.refresh()`: the streams of the users that match end, and their browsers return.
   * Resolves once the nodes are told.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  refresh(matcher: Matcher): Promise<void>;
  /** As `hub.disconnect()`: for good. @throws SseHubTypeError `ERR_SSE_FILTER` */
  disconnect(matcher: Matcher): Promise<void>;
  /** How the way to the log is. */
  health(): LogHealth;
  on(event: "error", listener: (error: SseHubError) => void): this;
  off(event: "error", listener: (error: SseHubError) => void): this;
  /**
   * Sends what still waits, for up to a second, and ends the connections. Runs that are going on are lost: await
   * their `done` before. Idempotent.
   */
  close(): Promise<void>;
}

/** Publishes to a log that others follow. */
export class LogPublisher extends RoutedBroadcaster implements Publisher {
  readonly #log: EventLog;
  readonly #emitter = new HubEmitter();
  readonly #runs: Runs;
  readonly #publishing: Publishing;
  #isClosed = false;

  /** @param maxPayloadBytes the most an event's data may be, in bytes of UTF-8 */
  constructor(log: EventLog, maxPayloadBytes: number) {
    super(() => this.#publishing);
    this.#log = log;
    this.#publishing = new Publishing({
      log,
      maxPayloadBytes,
      trace: (event, send) => traceBroadcast(this, event, send),
      isClosed: () => this.#isClosed,
      // Who is meant is known to the nodes.
      checkFilter: () => undefined,
      hints: null,
      // Nothing passes here.
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
      // It has neither users nor connections.
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
