import type { LogDraft, LogEntry } from "./event-log.js";

/** Adds `sentBy` and the trace context of a draft to its entry. Most drafts have neither: then no member is added. */
export function withMarks<E extends LogEntry>(
  { sentBy, traceContext }: Pick<LogDraft, "sentBy" | "traceContext">,
  entry: E,
): E {
  if (sentBy === undefined && traceContext === undefined) return entry;
  const sender = sentBy === undefined ? null : { sentBy };
  const traced = traceContext === undefined ? null : { traceContext };
  return { ...entry, ...sender, ...traced };
}
