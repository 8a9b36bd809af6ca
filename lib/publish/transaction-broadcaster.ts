import { RoutedBroadcaster, type Broadcaster } from "./broadcaster.js";
import type { Publishing } from "./publishing.js";

/**
 * Sends events as part of a transaction: an event is delivered if and only if the transaction commits, and then at
 * once.
 *
 * `broadcast` resolves when the event is in the transaction. It resolves without an id, because the event gets its
 * id at the commit. If it rejects, the database has refused the event, and you can only roll back the transaction.
 */
export type TransactionBroadcaster = Broadcaster<void>;

/**
 * Returns a broadcaster whose events are part of a transaction.
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION` if the log has no transactions, or if `transaction` is not one of its
 * database
 */
export function broadcastWithin(
  publishing: Publishing,
  transaction: object,
): TransactionBroadcaster {
  const publisher = publishing.within(transaction);
  return new RoutedBroadcaster(() => publisher);
}
