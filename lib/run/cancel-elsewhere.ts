import { setTimeout as sleep } from "node:timers/promises";
import type { EventLog } from "../log/event-log.js";
import type { RunEndReason, RunHeader, RunStore } from "../log/run-store.js";
import type { Mirrors } from "./mirrors.js";
import type { RunRecord } from "./run-record.js";

/** What reaches the producer of a run in another process. */
export interface WayToProducer {
  readonly store: RunStore;
  readonly mirrors: Mirrors;
  readonly log: Pick<EventLog, "tell">;
}

/** Asks the process of a run to end it. One that does not within the lease counts as gone. Gives whether the run was ended by this. */
export async function cancelElsewhere(
  run: RunHeader,
  { store, mirrors, log }: WayToProducer,
): Promise<boolean> {
  const record = mirrors.open(run);
  try {
    await log.tell({ kind: "cancel", run: run.id, token: run.token });
    const reason = await endOf(record, run.leaseMs);
    if (reason !== null) return reason === "cancelled";
    return (await store.lose(run, "now")) === "lost";
  } finally {
    mirrors.close(run);
  }
}

// `null`: it has not ended within that time.
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
