import type { Broadcast } from "./broadcaster.js";
import { createAudience, type Report } from "../audience/audience.js";
import type { PassTimes } from "../delivery/pass-times.js";
import type { Diagnostics } from "../hub/diagnostics.js";
import type { EventLog, LogDraft } from "../log/event-log.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import { encodeFrame } from "../wire/encoder.js";
import { checkEventName, toText } from "../wire/event.js";

/** What publishing needs to know. */
export interface PublishingHost {
  readonly maxPayloadBytes: number;
  readonly diagnostics: Diagnostics;
  isClosed(): boolean;
  /** Throws where a filter could never match anybody. */
  checkFilter(): void;
  /** Takes note of when a broadcast was called. Not asked for where nobody wants to know. */
  readonly times: Pick<PassTimes, "note">;
  readonly report: Report;
}

/**
 * From a broadcast to an entry of the log: checked, encoded once, appended. Misuse throws at the call,
 * so that Express answers 500; only trouble at run time rejects.
 */
export class Publishing {
  /** Broadcasts that the log has taken so far. */
  published = 0;
  readonly #log: EventLog;
  readonly #host: PublishingHost;

  constructor(log: EventLog, host: PublishingHost) {
    this.#log = log;
    this.#host = host;
  }

  publish(broadcast: Broadcast): Promise<string> {
    const { diagnostics, report } = this.#host;
    const sent = diagnostics.broadcast(broadcast.event, () => this.#send(broadcast));
    // Who does not await the promise hears of it here, and the process lives on.
    sent.catch(report);
    return sent;
  }

  #send({ event, data, filter, retainKey, isVolatile, ...to }: Broadcast): Promise<string> {
    const { maxPayloadBytes, report } = this.#host;
    const calledAt = this.#host.diagnostics.isTimed ? performance.now() : null;
    checkEventName(event);
    const text = toText(data, maxPayloadBytes);
    if (filter !== null) this.#host.checkFilter();
    const audience = createAudience(to, filter, this.#log, report);
    const frame = encodeFrame(event, text);
    return this.#append({ frame, audience, retainKey, isVolatile }, calledAt);
  }

  /** @param calledAt `null` where nobody wants to know */
  async #append(draft: LogDraft, calledAt: number | null): Promise<string> {
    if (this.#host.isClosed()) {
      throw new SseHubError("ERR_SSE_CLOSED", "The hub has closed, so nothing can be broadcast.");
    }
    try {
      const id = await this.#log.append(draft);
      this.published += 1;
      if (calledAt !== null) this.#host.times.note(id, calledAt);
      return id;
    } catch (cause) {
      if (cause instanceof SseHubError) throw cause;
      throw new SseHubError("ERR_SSE_LOG", "The log did not take a broadcast.", { cause });
    }
  }
}
