import type { LogDraft, LogEntry } from "./event-log.js";

/** Adds to an entry what its draft carries beside the event. Most carry nothing, and get no further fields. */
export function withMarks<E extends LogEntry>(
  { sentBy, traceContext }: Pick<LogDraft, "sentBy" | "traceContext">,
  entry: E,
): E {
  if (sentBy === undefined && traceContext === undefined) return entry;
  const sender = sentBy === undefined ? null : { sentBy };
  const traced = traceContext === undefined ? null : { traceContext };
  return { ...entry, ...sender, ...traced };
}
