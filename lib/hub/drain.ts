import { Slices } from "../async/slices.js";
import type { Registry } from "../connection/registry.js";
import type { Delivery } from "../delivery/delivery.js";
import type { LogReader } from "../delivery/log-reader.js";
import type { Runs } from "../run/runs.js";
import type { CloseSettings } from "./hub-options.js";

/** The parts of a hub that are drained. */
export interface DrainingParts {
  readonly delivery: Delivery;
  readonly registry: Registry<LogReader>;
  readonly runs: Runs;
  drawRetryMs(): number;
}

/** Ends every stream, and waits for their sockets to close and for the runs of this process to end. */
export async function drain(
  { delivery, registry, runs, ...parts }: DrainingParts,
  { timeoutMs, drainMs }: CloseSettings,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  await delivery.whenServed(deadline);
  const slices = new Slices();
  for (const connection of registry) {
    connection.finish("shutdown", { retryMs: parts.drawRetryMs() });
    if (slices.isOver()) await slices.next();
  }
  // The followers of these runs have already ended above: another node tells them how the run has ended.
  await Promise.all([
    runs.close(drainMs),
    registry.whenClosed(Math.max(0, deadline - performance.now())),
  ]);
}
