import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";

/** Runs a statement with its values. */
export type Query = (text: string, values: readonly unknown[]) => Promise<unknown>;

/** Runs statements in a transaction: a client of `pg`, or another object with its `query(text, values)`. */
interface Transaction {
  query(text: string, values: readonly unknown[]): Promise<unknown>;
}

/** @throws SseHubTypeError `ERR_SSE_OPTION` if the argument has no `query`, or is a pool */
export function queryOf(transaction: unknown): Query {
  const isClient =
    typeof transaction === "object" &&
    transaction !== null &&
    typeof (transaction as Partial<Transaction>).query === "function" &&
    !("idleCount" in transaction);
  if (isClient) return (text, values) => (transaction as Transaction).query(text, values);
  throw new SseHubTypeError(
    "ERR_SSE_OPTION",
    `within() was given ${describe(transaction)}. Expected the client that runs your transaction, ` +
      "such as the one that pool.connect() returns: a pool runs each statement on another connection.",
  );
}
