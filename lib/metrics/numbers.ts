import type { EndReason } from "../connection/end-reason.js";
import type { RefusalReason } from "../admission/refusal-reason.js";
import type { SseHubErrorCode } from "../errors/sse-hub-error.js";
import type { Hub } from "../hub/hub.js";
import type { ReturnVerdict } from "../log/cursor.js";
import type { RunEndReason } from "../log/run-store.js";
import type { SessionEndCause } from "../session/session-end-cause.js";

/** A number of a hub, read when the registry is collected. */
export interface HubNumber {
  readonly name: string;
  readonly help: string;
  readonly kind: "gauge" | "counter";
  /** How prom-client's AggregatorRegistry combines the numbers of several workers. */
  readonly aggregator: "sum" | "min" | "max";
  /** The label's name and all its values, so that each is reported as 0 before it first happens; `null` for no label. */
  readonly label: { readonly name: string; readonly values: readonly string[] } | null;
  /** The numbers by the label's value; without a label, the key is "". A missing number is 0. */
  readonly read: (hub: Hub) => Readonly<Record<string, number>>;
}

/** All numbers of a hub, in the order of the report. */
export const HUB_NUMBERS: readonly HubNumber[] = [
  gauge("sse_connections", "Connections open now on this node.", (hub) => hub.size),
  counter(
    "sse_connections_opened_total",
    "Connections that received hub:open.",
    (hub) => hub.stats().opened,
  ),
  counterBy(
    "sse_connections_closed_total",
    "Connections that have ended, by the reason of hub:end; gone: the browser left by itself.",
    "reason",
    valuesOf<Exclude<EndReason, "refused">>({
      gone: 0,
      user: 0,
      refresh: 0,
      age: 0,
      close: 0,
      shutdown: 0,
      slow: 0,
      error: 0,
      done: 0,
      stop: 0,
      failed: 0,
      cancelled: 0,
      lost: 0,
    }),
    (hub) => hub.stats().closed,
  ),
  counterBy(
    "sse_rejected_total",
    "Requests that received no stream, by reason: the limit that was reached, or another reason.",
    "reason",
    valuesOf<RefusalReason>({
      connections: 0,
      perUser: 0,
      perSession: 0,
      perAddress: 0,
      draining: 0,
      store: 0,
      error: 0,
      pipelined: 0,
      origin: 0,
      stopped: 0,
    }),
    (hub) => hub.stats().refused,
  ),
  counter(
    "sse_events_published_total",
    "Events broadcast by this node that the log has taken.",
    (hub) => hub.stats().published,
  ),
  counter(
    "sse_events_delivered_total",
    "Events written live, counted once for each connection.",
    (hub) => hub.stats().delivered,
  ),
  counter(
    "sse_replayed_events_total",
    "Events written from the log to slow or returning connections, counted once for each connection.",
    (hub) => hub.stats().replayed,
  ),
  counterBy(
    "sse_returns_total",
    "Streams joined, by what became of the browser's cursor; new: it came without one.",
    "verdict",
    valuesOf<ReturnVerdict>({ new: 0, recovered: 0, trimmed: 0, epoch: 0, unknown: 0 }),
    (hub) => hub.stats().returns,
  ),
  counter(
    "sse_gaps_total",
    "Times a slow connection received hub:gap, because events left the log before it had read them.",
    (hub) => hub.stats().gaps,
  ),
  gauge(
    "sse_behind",
    "Open connections that are not at the end of the log, because they are new or slow.",
    (hub) => hub.stats().behind,
  ),
  gauge(
    "sse_log_entries",
    "Events in the log, as this node holds it.",
    (hub) => hub.stats().log.entries,
    "max",
  ),
  gauge(
    "sse_log_bytes",
    "Size of the log, as this node holds it, in bytes.",
    (hub) => hub.stats().log.bytes,
    "max",
  ),
  gauge(
    "sse_log_lag_seconds",
    "How far this node may be behind the newest event of the log, in seconds.",
    (hub) => hub.health().lagMs / 1_000,
    "max",
  ),
  gauge(
    "sse_log_up",
    "1 while the log can be reached, 0 while broadcasts wait for it.",
    (hub) => (hub.health().status === "ok" ? 1 : 0),
    "min",
  ),
  counterBy(
    "sse_errors_total",
    "Errors that the hub has reported by its error event, by code.",
    "code",
    valuesOf<Exclude<SseHubErrorCode, ThrownAlone>>({
      ERR_SSE_LOG: 0,
      ERR_SSE_LOG_ENTRY: 0,
      ERR_SSE_OVERRUN: 0,
      ERR_SSE_STORE: 0,
      ERR_SSE_CONTROL_UNSENT: 0,
      ERR_SSE_USER: 0,
      ERR_SSE_FILTER: 0,
      ERR_SSE_SOURCE: 0,
      ERR_SSE_ANSWERED: 0,
      ERR_SSE_LISTENER: 0,
      ERR_SSE_RUN_EXISTS: 0,
      ERR_SSE_RUN_SIZE: 0,
      ERR_SSE_CLOSED: 0,
    }),
    (hub) => hub.stats().errors,
  ),
  counter(
    "sse_filter_errors_total",
    "Predicates that threw or returned a promise, counted once for each broadcast.",
    (hub) => hub.stats().filterErrors,
  ),
  counterBy(
    "sse_sessions_ended_total",
    "Sessions whose streams had to end, by cause.",
    "cause",
    valuesOf<SessionEndCause>({
      destroyed: 0,
      changed: 0,
      elsewhere: 0,
      expired: 0,
      revalidated: 0,
      store: 0,
      refresh: 0,
      disconnect: 0,
      break: 0,
    }),
    (hub) => hub.stats().sessionsEnded,
  ),
  gauge("sse_runs", "Runs that this process produces now.", (hub) => hub.stats().runs.running),
  gauge(
    "sse_run_followers",
    "Streams of this node that follow a run now.",
    (hub) => hub.stats().runs.followers,
  ),
  counter(
    "sse_run_events_total",
    "Events of the runs of this process.",
    (hub) => hub.stats().runs.events,
  ),
  counterBy(
    "sse_runs_ended_total",
    "Runs of this process that have ended, by reason.",
    "reason",
    valuesOf<RunEndReason>({ done: 0, failed: 0, cancelled: 0, lost: 0 }),
    (hub) => hub.stats().runs.ended,
  ),
];

// The hub does not report these: they are thrown at the call, or are the reason of a signal.
type ThrownAlone =
  | "ERR_SSE_OPTION"
  | "ERR_SSE_FIELD"
  | "ERR_SSE_DATA"
  | "ERR_SSE_ROOM"
  | "ERR_SSE_USER_PENDING"
  | "ERR_SSE_NO_SESSION"
  | "ERR_SSE_NOT_MOUNTED"
  | "ERR_SSE_HEADERS_SENT"
  | "ERR_SSE_ENDED";

// The values are the keys of an object, so that the compiler finds a missing one.
function valuesOf<K extends string>(values: Readonly<Record<K, 0>>): string[] {
  return Object.keys(values);
}

function gauge(
  name: string,
  help: string,
  read: (hub: Hub) => number,
  aggregator: HubNumber["aggregator"] = "sum",
): HubNumber {
  return { name, help, kind: "gauge", aggregator, label: null, read: (hub) => ({ "": read(hub) }) };
}

function counter(name: string, help: string, read: (hub: Hub) => number): HubNumber {
  return { ...gauge(name, help, read), kind: "counter" };
}

function counterBy(
  name: string,
  help: string,
  label: string,
  values: readonly string[],
  read: (hub: Hub) => Readonly<Partial<Record<string, number>>>,
): HubNumber {
  return {
    name,
    help,
    kind: "counter",
    aggregator: "sum",
    label: { name: label, values },
    read: (hub) => read(hub) as Readonly<Record<string, number>>,
  };
}
