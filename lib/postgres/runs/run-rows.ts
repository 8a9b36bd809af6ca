import type { StoredRun } from "../../log/run-store.js";
import { isEndReason, splitFrames, type RunEntry } from "../../shared-log/followed-run.js";
import { bytesOf } from "../entry.js";
import type { Row } from "../postgres-session.js";

/** Decodes a row of the table of runs. */
export function readRun(row: Row): StoredRun {
  const state = row.state ?? "";
  return {
    id: String(row.id),
    token: String(row.token),
    for: JSON.parse(row.audience ?? "null") as object | null,
    since: Number(row.since),
    leaseMs: Number(row.lease_ms),
    keepMs: Number(row.keep_ms),
    state: isEndReason(state) ? state : "running",
    events: Number(row.head),
    bytes: Number(row.bytes),
  };
}

/** The rows of one run after a position. */
export interface RunPage {
  readonly rows: readonly Row[];
  /** True if there are no further entries. */
  readonly isWhole: boolean;
}

/** The entries of a page, followed by the end of the run if the page is the last one. */
export function readRunPage({ rows, isWhole }: RunPage, position: number): Array<RunEntry | null> {
  const entries = rows.filter(({ last }) => last !== null).map(readRunEntry);
  const [{ state, head } = {}] = rows;
  if (!isWhole || state == null || !isEndReason(state)) return entries;
  const end = Number(rows.at(-1)?.last ?? position);
  // If events before the end are missing, they have been lost.
  return [...entries, end < Number(head) ? null : { end: state }];
}

function readRunEntry({ last, lengths, payload }: Row): RunEntry {
  const frames = splitFrames(bytesOf(payload), (lengths ?? "").split(",").map(Number));
  return { first: Number(last) - frames.length + 1, frames };
}
