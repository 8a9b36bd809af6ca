import { isCount, optionReader } from "../options/option-reader.js";
import { LogPublisher, type Publisher } from "../publish/publisher.js";
import { publishingLog } from "./postgres-log.js";
import type { PostgresLogOptions } from "./postgres-log-options.js";

/** Options of a `publisher()`: the options of the nodes' `postgresLog()`, and one more. */
export interface PublisherOptions extends PostgresLogOptions {
  /** The largest data of an event, in bytes of UTF-8. @default 1_048_576 (1 MiB) */
  maxPayloadBytes?: number | undefined;
}

/**
 * Makes a publisher for a process without streams, such as a worker. It holds no copy of the log. Give it the same
 * `schema`, `name`, `secret` and bounds as the nodes.
 *
 * @example
 * const shop = publisher({ pool });
 * await shop.within(client).broadcast("order", order, { profile: "Administrator" });
 * await shop.close();
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 */
export function publisher(options: PublisherOptions): Publisher {
  const { maxPayloadBytes, ...rest } = options;
  const read = optionReader("publisher", { maxPayloadBytes }, ["maxPayloadBytes"]);
  const bytes = read("maxPayloadBytes", "a whole number of bytes above 0", isCount, 1_048_576);
  return new LogPublisher(publishingLog(rest), bytes);
}
