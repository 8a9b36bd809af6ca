import type { Broadcast, Publishes } from "./broadcaster.js";
import { createAudience, type Report } from "../audience/audience.js";
import type { Audience, EventLog, LogDraft } from "../log/event-log.js";
import { isThenable } from "../async/is-thenable.js";
import { SseHubError, SseHubTypeError } from "../errors/sse-hub-error.js";
import { encodeFrame } from "../wire/encoder.js";
import { checkEventName, toText } from "../wire/event.js";
import { tabMarkOf } from "../wire/tab-mark.js";
import { Pace } from "./pace.js";

/** Tells a developer of likely mistakes. */
export interface PublishingHints {
  /** Looks at where a broadcast is to go. */
  look(to: Pick<Broadcast, "rooms" | "filter">): void;
  /** The log has taken a broadcast. */
  onTaken(id: string, audience: Audience): void;
}

/** What publishing needs to know. */
export interface PublishingParts {
  readonly log: EventLog;
  readonly maxPayloadBytes: number;
  /** Runs the sending of an event, so that it can be traced. */
  readonly trace: <T>(event: unknown, send: () => T | Promise<T>) => T | Promise<T>;
  readonly isClosed: () => boolean;
  /** Throws where a filter could never match anybody. */
  readonly checkFilter: () => void;
  /** `null` where nobody develops. */
  readonly hints: PublishingHints | null;
  /** Takes note of when a broadcast was called. Not asked for where nobody wants to know. */
  readonly times: { readonly isTimed: boolean; note(id: string, calledAt: number): void };
  /** See {@link Pace}; `null` where this process has no connections. */
  readonly whenServed: ((deadline: number) => Promise<void>) | null;
  readonly report: Report;
}

/**
 * From a broadcast to an entry of the log: checked, encoded once, appended. Misuse throws at the call,
 * so that Express answers 500; only trouble at run time rejects.
 */
export class Publishing implements Publishes {
  /** Broadcasts that the log has taken so far. */
  published = 0;
  readonly #parts: PublishingParts;
  readonly #pace: Pace | null;

  constructor(parts: PublishingParts) {
    this.#parts = parts;
    this.#pace = parts.whenServed === null ? null : new Pace(parts.log, parts.whenServed);
  }

  publish(broadcast: Broadcast): Promise<string> {
    const sent = this.#parts.trace(broadcast.event, () => this.#send(broadcast));
    return this.#reported(sent);
  }

  async clear(retainKey: string): Promise<void> {
    await this.#reported(this.#add(takingBack(retainKey)));
  }

  /**
   * The same as a part of a transaction.
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
        this.#reported(trace(broadcast.event, () => add(this.#draft(broadcast)))),
      clear: (retainKey) => this.#reported(add(takingBack(retainKey))),
    };
  }

  // Who does not await the promise hears of it here, and the process lives on.
  #reported<T>(sent: T | Promise<T>): Promise<T> {
    if (!isThenable(sent)) return Promise.resolve(sent);
    sent.catch(this.#parts.report);
    return sent;
  }

  #send(broadcast: Broadcast): string | Promise<string> {
    const calledAt = this.#parts.times.isTimed ? performance.now() : null;
    const draft = this.#draft(broadcast);
    const added = this.#add(draft);
    if (!isThenable(added)) return this.#onTaken(added, draft, calledAt);
    return added.then((id) => this.#onTaken(id, draft, calledAt));
  }

  #draft({ event, data, filter, rooms, except, ...kept }: Broadcast): LogDraft {
    const { log, maxPayloadBytes, report } = this.#parts;
    checkEventName(event);
    const text = toText(data, maxPayloadBytes);
    if (filter !== null) this.#parts.checkFilter();
    // Other tabs hear the same connection: the one that is left out knows by the mark, wherever it hears it.
    const tabMark = tabMarkOf(except);
    const to = { rooms, except: tabMark === undefined ? except : null };
    const audience = createAudience(to, filter, log, report);
    this.#parts.hints?.look({ rooms, filter });
    const frame = encodeFrame(event, text, tabMark);
    return { frame, audience, ...kept };
  }

  /** @param calledAt `null` where nobody wants to know */
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
    throw new SseHubError("ERR_SSE_CLOSED", "The hub has closed, so nothing can be broadcast.");
  }
}

function asLogError(cause: unknown): SseHubError {
  if (cause instanceof SseHubError) return cause;
  return new SseHubError("ERR_SSE_LOG", "The log did not take a broadcast.", { cause });
}

function failed(cause: unknown): never {
  throw asLogError(cause);
}

/** What takes back what is kept for newcomers under a key. */
function takingBack(retainKey: string): LogDraft {
  const audience = { rooms: [], filter: null, except: null };
  return { frame: Buffer.alloc(0), audience, retainKey, isVolatile: true };
}

function appenderWithin(log: EventLog, transaction: object): (draft: LogDraft) => Promise<void> {
  if (log.within !== undefined) return log.within(transaction);
  throw new SseHubTypeError(
    "ERR_SSE_OPTION",
    "within() needs a log that is in the database of your transaction, and the log of this hub is not. " +
      "Expected postgresLog() of express-sse-hub/postgres as the option log of createHub().",
  );
}
