import type { ConnectOptions } from "./connect-options.js";
import type { SseStream } from "./sse-stream.js";
import { Stream } from "./stream.js";

/**
 * Opens a stream of a hub and keeps it open. It reconnects with its cursor after everything but 204, 401, 403,
 * redirects to a login, and the reasons `stop` and `done`.
 *
 * ```ts
 * const stream = connect("/events");
 * stream.onJson("order", (order) => show(order));
 * stream.onOpen(({ recovered }) => { if (recovered !== true) loadOrders(); });
 * ```
 *
 * @param url absolute, or relative to the page
 * @throws TypeError for a wrong URL or option
 */
export function connect(url: string | URL, options: ConnectOptions = {}): SseStream {
  return new Stream(url, options);
}
