import { setTimeout as sleep } from "node:timers/promises";
import type { EventLog } from "../log/event-log.js";
import type { RunEndReason, RunHeader, RunStore } from "../log/run-store.js";
import type { Mirrors } from "./mirrors.js";
import type { RunRecord } from "./run-record.js";

/** What is needed to cancel a run of another process. */
export interface CancelParts {
  readonly store: RunStore;
  readonly mirrors: Mirrors;
  readonly log: Pick<EventLog, "tell">;
}

// The message is repeated, because it may be lost: the process of the run may have begun to read the log after it, or
// the log may have lost it.
const REPEAT_MS = 1_000;

/**
 * Asks the process of a run to cancel it. A process that does not do so within the lease counts as gone. Resolves with
 * true if this call has ended the run.
 */
export async function cancelElsewhere(
  run: RunHeader,
  { store, mirrors, log }: CancelParts,
): Promise<boolean> {
  const record = mirrors.open(run);
  const deadline = performance.now() + run.leaseMs;
  try {
    for (let left = run.leaseMs; left > 0; left = deadline - performance.now()) {
      await log.tell({ kind: "cancel", run: run.id, token: run.token });
      const reason = await endOf(record, Math.min(left, REPEAT_MS));
      if (reason !== null) return reason === "cancelled";
    }
    // The process may have cancelled it, and this node was not told.
    const verdict = await store.lose(run, "now");
    return verdict === "lost" || verdict === "cancelled";
  } finally {
    mirrors.close(run);
  }
}

// Resolves with `null` if the run has not ended within that time.
async function endOf(record: RunRecord, ms: number): Promise<RunEndReason | null> {
  const timer = new AbortController();
  let unwatch: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    const look = () => {
      if (record.end !== null) resolve();
    };
    unwatch = record.watch(look);
    look();
  });
  const late = sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([ended, late]);
  unwatch();
  timer.abort();
  return record.end;
}
