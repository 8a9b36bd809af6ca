import { Broadcasts, type Broadcaster } from "../publish/broadcaster.js";
import { compileMatcher } from "../audience/compile-matcher.js";
import type { Matcher } from "../audience/matcher.js";
import { Diagnostics } from "../hub/diagnostics.js";
import { HubEmitter } from "../hub/hub-events.js";
import type { EventLog, LogHealth } from "../log/event-log.js";
import type { HubNotice } from "../cluster/notices.js";
import { isCount, optionReader } from "../options/option-reader.js";
import { Publishing } from "../publish/publishing.js";
import type { SseHubError } from "../errors/sse-hub-error.js";
import { publishingLog } from "./redis-log.js";
import type { RedisLogOptions } from "./redis-log-options.js";

/** Sends to the browsers of an application from a process that has no streams: a worker, a cron job. */
export interface Publisher extends Broadcaster {
  /**
   * As `hub.refresh()`: the streams of the users that match end, and their browsers return.
   * Resolves once the nodes are told.
   *
   * @throws SseHubTypeError `ERR_SSE_FILTER`
   */
  refresh(matcher: Matcher): Promise<void>;
  /** As `hub.disconnect()`: for good. @throws SseHubTypeError `ERR_SSE_FILTER` */
  disconnect(matcher: Matcher): Promise<void>;
  /** How the way to Redis is. */
  health(): LogHealth;
  on(event: "error", listener: (error: SseHubError) => void): this;
  off(event: "error", listener: (error: SseHubError) => void): this;
  /** Sends what still waits, for up to a second, and ends the connections. Idempotent. */
  close(): Promise<void>;
}

/** Options of a `publisher()`: those of the nodes' `redisLog()`. */
export interface PublisherOptions extends RedisLogOptions {
  /** The most an event's data may be, in bytes of UTF-8. @default 1_048_576 (1 MiB) */
  maxPayloadBytes?: number | undefined;
}

/**
 * Makes a publisher. It keeps nothing of the log; give it the `name` and the bounds that the nodes have.
 *
 * @example
 * const shop = publisher({ url: "redis://localhost:6379" });
 * await shop.broadcast("order", order, { profile: "Administrator" });
 * await shop.close();
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 */
export function publisher(options: PublisherOptions): Publisher {
  const { maxPayloadBytes, ...rest } = options;
  const read = optionReader("publisher", { maxPayloadBytes }, ["maxPayloadBytes"]);
  const bytes = read("maxPayloadBytes", "a whole number of bytes above 0", isCount, 1_048_576);
  return new RedisPublisher(publishingLog(rest), bytes);
}

class RedisPublisher extends Broadcasts implements Publisher {
  readonly #log: EventLog;
  readonly #emitter = new HubEmitter();
  #isClosed = false;

  constructor(log: EventLog, maxPayloadBytes: number) {
    super((broadcast) => publishing.publish(broadcast));
    this.#log = log;
    const publishing = new Publishing(log, {
      maxPayloadBytes,
      diagnostics: new Diagnostics(this),
      isClosed: () => this.#isClosed,
      // Who is meant is known to the nodes.
      checkFilter: () => undefined,
      // Nothing passes here.
      times: { note: () => undefined },
      report: this.#report,
    });
    log.follow({
      onMove: () => undefined,
      onNotice: () => undefined,
      onBreak: () => undefined,
      // It has neither users nor connections.
      onQuestion: () => null,
      onError: this.#report,
    });
  }

  refresh(matcher: Matcher): Promise<void> {
    return this.#recall({ kind: "refresh", matcher });
  }

  disconnect(matcher: Matcher): Promise<void> {
    return this.#recall({ kind: "stop", matcher });
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

  close(): Promise<void> {
    this.#isClosed = true;
    return this.#log.close();
  }

  #recall(notice: HubNotice & { readonly matcher: Matcher }): Promise<void> {
    compileMatcher(notice.matcher);
    const told = this.#log.tell({ ...notice });
    told.catch(this.#report);
    return told;
  }

  readonly #report = (error: SseHubError): void => {
    this.#emitter.report(error);
  };
}
