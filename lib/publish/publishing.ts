import type { Broadcast, Publishes } from "./broadcaster.js";
import { createAudience, type Report } from "../audience/audience.js";
import type { Audience, EventLog, LogDraft } from "../log/event-log.js";
import { isThenable } from "../async/is-thenable.js";
import { SseHubError, SseHubTypeError } from "../errors/sse-hub-error.js";
import { encodeFrame } from "../wire/encoder.js";
import { checkEventName, toText } from "../wire/event.js";
import { tabMarkOf } from "../wire/tab-mark.js";
import { Pace } from "./pace.js";

/** Warns the developer about likely mistakes. */
export interface PublishingHints {
  /** Checks the rooms and the filter of a broadcast. */
  look(to: Pick<Broadcast, "rooms" | "filter">): void;
  /** The log has accepted a broadcast. */
  onTaken(id: string, audience: Audience): void;
}

/** What {@link Publishing} is given by its owner. */
export interface PublishingParts {
  readonly log: EventLog;
  readonly maxPayloadBytes: number;
  /** Runs the sending of an event, so that it can be traced. */
  readonly trace: <T>(
    event: unknown,
    send: (traceContext: string | undefined) => T | Promise<T>,
  ) => T | Promise<T>;
  readonly isClosed: () => boolean;
  /** Throws if a filter could never match, because no request had a session. */
  readonly checkFilter: () => void;
  /** `null` in production, and for a publisher. */
  readonly hints: PublishingHints | null;
  /** Notes when a broadcast was called, while `isTimed`. */
  readonly times: { readonly isTimed: boolean; note(id: string, calledAt: number): void };
  /** See {@link Pace}; `null` if this process has no connections. */
  readonly whenServed: ((deadline: number) => Promise<void>) | null;
  readonly report: Report;
}

/**
 * Turns a broadcast into an entry of the log: checks it, encodes it once, and appends it. Misuse throws at the
 * call, so that Express answers 500; the promise rejects only if something fails at run time.
 */
export class Publishing implements Publishes {
  /** Number of broadcasts that the log has accepted so far. */
  published = 0;
  readonly #parts: PublishingParts;
  readonly #pace: Pace | null;

  constructor(parts: PublishingParts) {
    this.#parts = parts;
    this.#pace = parts.whenServed === null ? null : new Pace(parts.log, parts.whenServed);
  }

  publish(broadcast: Broadcast): Promise<string> {
    const { trace } = this.#parts;
    const sent = trace(broadcast.event, (traceContext) => this.#send(broadcast, traceContext));
    return this.#reported(sent);
  }

  clear(retainKey: string): Promise<void> {
    return this.#reported(this.#clear(retainKey));
  }

  /**
   * Returns a publisher whose events are part of a transaction.
   *
   * @throws SseHubTypeError `ERR_SSE_OPTION`
   */
  within(transaction: object): Publishes<void> {
    const append = appenderWithin(this.#parts.log, transaction);
    const add = async (draft: LogDraft) => {
      this.#checkOpen();
      await append(draft);
    };
    const { trace } = this.#parts;
    return {
      publish: (broadcast) =>
        this.#reported(trace(broadcast.event, (context) => add(this.#draft(broadcast, context)))),
      clear: (retainKey) => this.#reported(add(clearingDraft(retainKey))),
    };
  }

  async #clear(retainKey: string): Promise<void> {
    await this.#add(clearingDraft(retainKey));
  }

  // A caller may ignore the promise: the error is reported, and is no unhandled rejection.
  #reported<T>(sent: T | Promise<T>): Promise<T> {
    if (!isThenable(sent)) return Promise.resolve(sent);
    sent.catch(this.#parts.report);
    return sent;
  }

  #send(broadcast: Broadcast, traceContext: string | undefined): string | Promise<string> {
    const calledAt = this.#parts.times.isTimed ? performance.now() : null;
    const draft = this.#draft(broadcast, traceContext);
    const added = this.#add(draft);
    if (!isThenable(added)) return this.#onTaken(added, draft, calledAt);
    return added.then((id) => this.#onTaken(id, draft, calledAt));
  }

  #draft(broadcast: Broadcast, traceContext: string | undefined): LogDraft {
    const { event, data, filter, rooms, except, ...kept } = broadcast;
    const { log, maxPayloadBytes, report } = this.#parts;
    checkEventName(event);
    const text = toText(data, maxPayloadBytes);
    if (filter !== null) this.#parts.checkFilter();
    // Tabs may share one connection. The mark travels with the event, and the tab that it names skips the event.
    const tabMark = tabMarkOf(except);
    const to = { rooms, except: tabMark === undefined ? except : null };
    const audience = createAudience(to, filter, log, report);
    this.#parts.hints?.look({ rooms, filter });
    const frame = encodeFrame(event, text, tabMark);
    const traced = traceContext === undefined ? null : { traceContext };
    return { frame, audience, ...kept, ...traced };
  }

  /** @param calledAt `null` if passes are not timed */
  #onTaken(id: string, draft: LogDraft, calledAt: number | null): string | Promise<string> {
    this.published += 1;
    this.#parts.hints?.onTaken(id, draft.audience);
    if (calledAt !== null) this.#parts.times.note(id, calledAt);
    const wait = this.#pace?.take(draft.frame.length) ?? null;
    return wait === null ? id : wait.then(() => id);
  }

  #add(draft: LogDraft): string | Promise<string> {
    try {
      this.#checkOpen();
      const added = this.#parts.log.append(draft);
      return isThenable(added) ? Promise.resolve(added).then(undefined, failed) : added;
    } catch (cause) {
      return Promise.reject(asLogError(cause));
    }
  }

  #checkOpen(): void {
    if (!this.#parts.isClosed()) return;
    const message = "The hub is closed, so it cannot broadcast. Broadcast before you call close().";
    throw new SseHubError("ERR_SSE_CLOSED", message);
  }
}

function asLogError(cause: unknown): SseHubError {
  if (cause instanceof SseHubError) return cause;
  return new SseHubError("ERR_SSE_LOG", "The log did not accept a broadcast; the cause says why.", {
    cause,
  });
}

function failed(cause: unknown): never {
  throw asLogError(cause);
}

/** An entry without a frame and for no one: it only replaces what is retained under the key. */
function clearingDraft(retainKey: string): LogDraft {
  const audience = { rooms: [], filter: null, except: null };
  return { frame: Buffer.alloc(0), audience, retainKey, isVolatile: true };
}

function appenderWithin(log: EventLog, transaction: object): (draft: LogDraft) => Promise<void> {
  if (log.within !== undefined) return log.within(transaction);
  throw new SseHubTypeError(
    "ERR_SSE_OPTION",
    "within() needs a log in the database of your transaction, and the log of this hub has no transactions. " +
      "Expected postgresLog() of express-sse-hub/postgres as the option log of createHub().",
  );
}
