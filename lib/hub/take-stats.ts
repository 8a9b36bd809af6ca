import type { Admission } from "../admission/admission.js";
import type { EndReason } from "../connection/end-reason.js";
import type { Counts } from "../diagnostics/counts.js";
import type { FanOut } from "../delivery/fan-out.js";
import type { Replay } from "../delivery/replay.js";
import type { HubStats } from "./hub-stats.js";
import type { EventLog } from "../log/event-log.js";
import type { Publishing } from "../publish/publishing.js";
import type { Runs } from "../run/runs.js";
import type { SessionEnds } from "../session/session-ends.js";
import type { SseHubErrorCode } from "../errors/sse-hub-error.js";

/** The parts of a hub that keep counts. */
export interface CountingParts {
  readonly registry: { readonly size: number; readonly ownSize: number };
  readonly admission: Admission;
  readonly publishing: Publishing;
  readonly fanOut: FanOut;
  readonly replay: Replay;
  readonly log: EventLog;
  readonly closed: Counts<EndReason>;
  readonly sessionEnds: SessionEnds;
  readonly runs: Runs;
  readonly errors: Counts<SseHubErrorCode>;
}

/** Collects the counts of a hub's parts, in the same time however many connections there are. */
export function takeStats(parts: CountingParts): HubStats {
  const { registry, admission, fanOut, replay } = parts;
  return {
    connections: registry.size,
    opened: admission.opened,
    // Computed, not counted over all connections: monitoring asks often, and there may be many.
    behind: registry.size - registry.ownSize - fanOut.size,
    log: parts.log.size,
    published: parts.publishing.published,
    delivered: fanOut.delivered,
    replayed: replay.replayed,
    dropped: replay.dropped,
    gaps: replay.gaps,
    closed: parts.closed.all,
    refused: admission.refusals.counts,
    returns: admission.returns.all,
    sessionsEnded: parts.sessionEnds.counts,
    runs: { ...parts.runs.counts, begun: parts.runs.begun, followers: parts.runs.followers },
    filterErrors: parts.errors.of("ERR_SSE_FILTER"),
    errors: parts.errors.all,
  };
}
