import type { Broadcast, Publishes } from "./broadcaster.js";
import { createAudience, type Report } from "../audience/audience.js";
import type { Audience, EventLog, LogDraft } from "../log/event-log.js";
import { SseHubError, SseHubTypeError } from "../errors/sse-hub-error.js";
import { encodeFrame } from "../wire/encoder.js";
import { checkEventName, toText } from "../wire/event.js";
import { tabMarkOf } from "../wire/tab-mark.js";

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
  readonly trace: <T>(event: unknown, send: () => Promise<T>) => Promise<T>;
  readonly isClosed: () => boolean;
  /** Throws where a filter could never match anybody. */
  readonly checkFilter: () => void;
  /** `null` where nobody develops. */
  readonly hints: PublishingHints | null;
  /** Takes note of when a broadcast was called. Not asked for where nobody wants to know. */
  readonly times: { readonly isTimed: boolean; note(id: string, calledAt: number): void };
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

  constructor(parts: PublishingParts) {
    this.#parts = parts;
  }

  publish(broadcast: Broadcast): Promise<string> {
    const sent = this.#parts.trace(broadcast.event, () => this.#send(broadcast));
    // Who does not await the promise hears of it here, and the process lives on.
    sent.catch(this.#parts.report);
    return sent;
  }

  clear(retainKey: string): Promise<void> {
    const cleared = this.#clear(retainKey);
    cleared.catch(this.#parts.report);
    return cleared;
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
    const reported = (sent: Promise<void>) => {
      sent.catch(this.#parts.report);
      return sent;
    };
    const { trace } = this.#parts;
    return {
      publish: (broadcast) => reported(trace(broadcast.event, () => add(this.#draft(broadcast)))),
      clear: (retainKey) => reported(add(takingBack(retainKey))),
    };
  }

  async #clear(retainKey: string): Promise<void> {
    await this.#add(takingBack(retainKey));
  }

  #send(broadcast: Broadcast): Promise<string> {
    const calledAt = this.#parts.times.isTimed ? performance.now() : null;
    return this.#append(this.#draft(broadcast), calledAt);
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
  async #append(draft: LogDraft, calledAt: number | null): Promise<string> {
    const id = await this.#add(draft);
    this.published += 1;
    this.#parts.hints?.onTaken(id, draft.audience);
    if (calledAt !== null) this.#parts.times.note(id, calledAt);
    return id;
  }

  async #add(draft: LogDraft): Promise<string> {
    this.#checkOpen();
    try {
      return await this.#parts.log.append(draft);
    } catch (cause) {
      if (cause instanceof SseHubError) throw cause;
      throw new SseHubError("ERR_SSE_LOG", "The log did not take a broadcast.", { cause });
    }
  }

  #checkOpen(): void {
    if (!this.#parts.isClosed()) return;
    throw new SseHubError("ERR_SSE_CLOSED", "The hub has closed, so nothing can be broadcast.");
  }
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
