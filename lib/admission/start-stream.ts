import type { LogReader } from "../delivery/log-reader.js";
import { judge, type Verdict } from "../log/cursor.js";
import type { EventLog } from "../log/event-log.js";
import type { AdmissionRequest } from "./admission-request.js";

/** The verdict on the browser's cursor, and whether the browser needs the initial state. */
export interface StreamStart {
  readonly verdict: Verdict;
  readonly needsState: boolean;
}

/**
 * Sends `hub:open` with the verdict on the cursor that the browser sent. If the stream cannot go on from that cursor,
 * it begins at the head of the snapshot.
 */
export function startStream(
  connection: LogReader,
  request: AdmissionRequest,
  log: EventLog,
  snapshot: { readonly head: number; readonly generation: number },
): StreamStart {
  if (request.feed !== null) {
    const { id, opened } = request.feed.judge(request.lastEventId);
    connection.open(id, opened);
    return { verdict: { recovered: null }, needsState: false };
  }
  const verdict: Verdict = request.isOwn ? { recovered: null } : judge(log, request.lastEventId);
  // A page that receives all it missed, as the same user, still has the state it began with.
  const needsState = verdict.recovered !== true || verdict.isOther;
  const beginning = {
    position: verdict.recovered === true ? verdict.position : snapshot.head,
    epoch: log.epoch,
    generation: snapshot.generation,
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
