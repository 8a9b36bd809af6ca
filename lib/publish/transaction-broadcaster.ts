import type { Filter } from "../audience/audience.js";
import type { EventData, EventName } from "../wire/event.js";
import { RoutedBroadcaster, type RetainOptions } from "./broadcaster.js";
import type { Publishing } from "./publishing.js";

/**
 * Sends as a part of a transaction: an event is delivered if and only if that commits, and then at once. Each
 * step gives a new one; none is ever changed.
 */
export interface TransactionBroadcaster {
  /**
   * Puts an event into the transaction. Resolves when it is in; its id is given only with the commit. Where it
   * rejects, the database has refused it, and the transaction can only be rolled back.
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD`, `ERR_SSE_DATA`: at once
   */
  broadcast<E extends EventName>(event: E, data: EventData<E>): Promise<void>;
  /**
   * The same for the connections of this audience that a matcher matches.
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD`, `ERR_SSE_DATA`, `ERR_SSE_FILTER`, `ERR_SSE_NO_SESSION`
   */
  broadcast<E extends EventName>(event: E, data: EventData<E>, filter: Filter): Promise<void>;
  /** As `hub.to()`. @throws SseHubTypeError `ERR_SSE_ROOM` */
  to(room: string, ...rooms: string[]): TransactionBroadcaster;
  /** As `hub.except()`. @throws SseHubTypeError `ERR_SSE_FILTER` */
  except(connectionId: string | undefined): TransactionBroadcaster;
  /** As `hub.retain()`. @throws SseHubTypeError `ERR_SSE_FIELD`, `ERR_SSE_OPTION` */
  retain(key: string, options?: RetainOptions): RetainingTransactionBroadcaster;
  /** As `hub.volatile()`. */
  volatile(): TransactionBroadcaster;
}

/** What {@link TransactionBroadcaster.retain} gives. */
export interface RetainingTransactionBroadcaster extends TransactionBroadcaster {
  /** Takes back what is kept under the key, as `hub.retain(key).clear()` does, with the commit. */
  clear(): Promise<void>;
}

/**
 * Gives what sends as a part of a transaction.
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION` for a log that cannot, or for what is no transaction of the log's
 */
export function broadcastWithin(
  publishing: Publishing,
  transaction: object,
): TransactionBroadcaster {
  const publisher = publishing.within(transaction);
  return new RoutedBroadcaster(() => publisher);
}
