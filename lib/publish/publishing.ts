import type { Broadcast, Publishes } from "./broadcaster.js";
import { createAudience, type Report } from "../audience/audience.js";
import type { Audience, EventLog, LogDraft } from "../log/event-log.js";
import { SseHubError } from "../errors/sse-hub-error.js";
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
  readonly trace: (event: unknown, send: () => Promise<string>) => Promise<string>;
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
    const audience = { rooms: [], filter: null, except: null };
    const frame = Buffer.alloc(0);
    const cleared = this.#add({ frame, audience, retainKey, isVolatile: true });
    cleared.catch(this.#parts.report);
    return cleared.then(() => undefined);
  }

  #send({ event, data, filter, rooms, except, ...kept }: Broadcast): Promise<string> {
    const { log, maxPayloadBytes, times, report } = this.#parts;
    const calledAt = times.isTimed ? performance.now() : null;
    checkEventName(event);
    const text = toText(data, maxPayloadBytes);
    if (filter !== null) this.#parts.checkFilter();
    // Other tabs hear the same connection: the one that is left out knows by the mark, wherever it hears it.
    const tabMark = tabMarkOf(except);
    const to = { rooms, except: tabMark === undefined ? except : null };
    const audience = createAudience(to, filter, log, report);
    this.#parts.hints?.look({ rooms, filter });
    const frame = encodeFrame(event, text, tabMark);
    return this.#append({ frame, audience, ...kept }, calledAt);
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
    if (this.#parts.isClosed()) {
      throw new SseHubError("ERR_SSE_CLOSED", "The hub has closed, so nothing can be broadcast.");
    }
    try {
      return await this.#parts.log.append(draft);
    } catch (cause) {
      if (cause instanceof SseHubError) throw cause;
      throw new SseHubError("ERR_SSE_LOG", "The log did not take a broadcast.", { cause });
    }
  }
}
