import { RoutedBroadcaster, type Broadcaster } from "./broadcaster.js";
import type { Publishing } from "./publishing.js";

/**
 * Sends as a part of a transaction: an event is delivered if and only if that commits, and then at once.
 *
 * `broadcast` resolves when the event is in the transaction; its id is given only with the commit. Where it
 * rejects, the database has refused it, and the transaction can only be rolled back.
 */
export type TransactionBroadcaster = Broadcaster<void>;

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
