import type { StoredRun } from "../../log/run-store.js";
import { isEndReason, splitFrames, type RunEntry } from "../../shared-log/followed-run.js";
import type { RawEntry } from "../entry.js";

/** Decodes an entry of a run; `null` if this package has not written it. */
export function readRunEntry([id, fields]: RawEntry): RunEntry | null {
  const [name, value, , payload] = fields ?? [];
  if (name === undefined || value === undefined) return null;
  const kind = name.toString("latin1");
  if (kind === "e") return toEnd(String(value));
  if (kind !== "l" || payload === undefined) return null;
  const frames = splitFrames(payload, value.toString("latin1").split(",").map(Number));
  return { first: Number.parseInt(id.toString("latin1"), 10) - frames.length + 1, frames };
}

/** The fields of a run's hash that {@link readRun} reads, in this order. */
export const RUN_FIELDS = [
  ...["id", "token", "for", "since", "leaseMs", "keepMs", "state", "head", "bytes"],
] as const;

/** Decodes the hash of a run; `null` if Redis does not know the run. */
export function readRun(values: readonly unknown[]): StoredRun | null {
  if (values.length !== RUN_FIELDS.length || values.some((value) => value === null)) return null;
  const [id = "", token = "", audience = "", since, leaseMs, keepMs, state = "", head, bytes] =
    values.map(String);
  return {
    id,
    token,
    for: JSON.parse(audience) as object | null,
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
