import type { StoredRun } from "../../log/run-store.js";
import { isEndReason, splitFrames, type RunEntry } from "../../shared-log/followed-run.js";
import type { RawEntry } from "../entry.js";

/** Reads an entry. `null` where it is none of ours. */
export function readRunEntry([id, fields]: RawEntry): RunEntry | null {
  const [name, value, , payload] = fields ?? [];
  if (name === undefined || value === undefined) return null;
  const kind = name.toString("latin1");
  if (kind === "e") return toEnd(String(value));
  if (kind !== "l" || payload === undefined) return null;
  const frames = splitFrames(payload, value.toString("latin1").split(",").map(Number));
  return { first: Number.parseInt(id.toString("latin1"), 10) - frames.length + 1, frames };
}

/** The fields of a run's hash that {@link readRun} reads, in its order. */
export const RUN_FIELDS = [
  ...["id", "token", "for", "since", "leaseMs", "keepMs", "state", "head", "bytes"],
] as const;

/** Reads what Redis knows of a run; `null` where it knows nothing. */
export function readRun(values: readonly unknown[]): StoredRun | null {
  if (values.length !== RUN_FIELDS.length || values.some((value) => value === null)) return null;
  const [id = "", token = "", meant = "", since, leaseMs, keepMs, state = "", head, bytes] =
    values.map(String);
  return {
    id,
    token,
    for: JSON.parse(meant) as object | null,
    since: Number(since),
    leaseMs: Number(leaseMs),
    keepMs: Number(keepMs),
    state: isEndReason(state) ? state : "running",
    events: Number(head),
    bytes: Number(bytes),
  };
}

function toEnd(text: string): RunEntry | null {
  return isEndReason(text) ? { end: text } : null;
}
