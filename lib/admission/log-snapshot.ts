import type { Delivery } from "../delivery/delivery.js";
import type { EventLog } from "../log/event-log.js";

/** The state of the log at one moment. */
export interface LogSnapshot {
  /** Empty until a shared log was reached for the first time. */
  readonly epoch: string;
  readonly head: number;
  readonly generation: number;
}

export function takeSnapshot(
  { epoch, head }: EventLog,
  { generation }: Pick<Delivery, "generation">,
): LogSnapshot {
  return { epoch, head, generation };
}
