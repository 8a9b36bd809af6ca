import type { LogReader } from "../delivery/log-reader.js";
import { judge, type Verdict } from "../log/cursor.js";
import type { EventLog } from "../log/event-log.js";
import type { AdmissionRequest } from "./admission-request.js";

/** What became of the browser's cursor, and whether it is to be given state to begin with. */
export interface Welcome {
  readonly verdict: Verdict;
  readonly needsState: boolean;
}

/**
 * Tells a connection `hub:open`, with the verdict on the cursor that its browser brought. Where it does not go on from
 * that cursor, it begins behind the place's head.
 */
export function welcome(
  connection: LogReader,
  request: AdmissionRequest,
  log: EventLog,
  place: { readonly head: number; readonly generation: number },
): Welcome {
  if (request.feed !== null) {
    const { id, opened } = request.feed.judge(request.lastEventId);
    connection.open(id, opened);
    return { verdict: { recovered: null }, needsState: false };
  }
  const verdict: Verdict = request.isOwn ? { recovered: null } : judge(log, request.lastEventId);
  // What a page was given to begin with holds for a return that gets all it missed, as the same user.
  const needsState = verdict.recovered !== true || verdict.isOther;
  const beginning = {
    position: verdict.recovered === true ? verdict.position : place.head,
    epoch: log.epoch,
    generation: place.generation,
    volatileFrom: log.head,
    needsInitialState: needsState && !request.isOwn && hasState(request, log),
  };
  connection.startAt(beginning, {
    recovered: verdict.recovered,
    ...(verdict.recovered === false ? { reason: verdict.reason } : {}),
  });
  return { verdict, needsState };
}

function hasState({ first }: AdmissionRequest, { retained }: EventLog): boolean {
  return first !== null || retained[Symbol.iterator]().next().done !== true;
}
