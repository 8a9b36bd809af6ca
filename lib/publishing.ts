import type { Broadcast, Publish } from "./broadcaster.js";
import { createAudience, type Report } from "./delivery/audience.js";
import type { EventLog, LogDraft } from "./log/event-log.js";
import { SseHubError } from "./sse-hub-error.js";
import { encodeFrame } from "./wire/encoder.js";
import { checkEventName, toText } from "./wire/event.js";

/** What publishing needs to know. */
export interface PublishingHost {
  readonly maxPayloadBytes: number;
  isClosed(): boolean;
  /** Throws where a filter could never match anybody. */
  checkFilter(): void;
  readonly report: Report;
}

/**
 * From a broadcast to an entry of the log: checked, encoded once, appended. Misuse throws at the call,
 * so that Express answers 500; only trouble at run time rejects.
 */
export function createPublish(log: EventLog, host: PublishingHost): Publish {
  return ({ event, data, filter, retainKey, isVolatile, ...to }: Broadcast) => {
    checkEventName(event);
    const text = toText(data, host.maxPayloadBytes);
    if (filter !== null) host.checkFilter();
    const audience = createAudience(to, filter, log, host.report);
    const frame = encodeFrame(event, text);
    const sent = append(log, { frame, audience, retainKey, isVolatile }, host);
    // Who does not await the promise hears of it here, and the process lives on.
    sent.catch(host.report);
    return sent;
  };
}

async function append(log: EventLog, draft: LogDraft, host: PublishingHost): Promise<string> {
  if (host.isClosed()) {
    throw new SseHubError("ERR_SSE_CLOSED", "The hub has closed, so nothing can be broadcast.");
  }
  try {
    return await log.append(draft);
  } catch (cause) {
    if (cause instanceof SseHubError) throw cause;
    throw new SseHubError("ERR_SSE_LOG", "The log did not take a broadcast.", { cause });
  }
}
