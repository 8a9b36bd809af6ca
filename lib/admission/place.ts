import type { Delivery } from "../delivery/delivery.js";
import type { EventLog } from "../log/event-log.js";

/** Where the log is at one moment. */
export interface Place {
  /** Empty before a shared log was first reached. */
  readonly epoch: string;
  readonly head: number;
  readonly generation: number;
}

export function placeNow(
  { epoch, head }: EventLog,
  { generation }: Pick<Delivery, "generation">,
): Place {
  return { epoch, head, generation };
}
