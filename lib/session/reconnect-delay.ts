import type { StreamConnection } from "../connection/stream-connection.js";

// Five thousand a second: a request with a session costs a node a fraction of a millisecond.
const RETURNS_PER_MS = 5;

/** Ends a connection whose tag no longer holds. */
export function onOutdated(connection: StreamConnection): void {
  connection.finish("user", { retryMs: drawSoon() });
}

/** Ends a connection whose session could not be read. A store in trouble is not to be asked by all at once. */
export function onStoreFailed(connection: StreamConnection): void {
  connection.finish("error", { retryMs: Math.round(5_000 + Math.random() * 10_000) });
}

/**
 * Milliseconds after which a browser that was sent round is back: before anybody notices, yet after the
 * answer to the request that changed its user, which may bring a new cookie.
 *
 * @param among how many are sent round together
 */
export function drawSoon(among = 1): number {
  return Math.round(200 + Math.random() * Math.max(400, among / RETURNS_PER_MS));
}
