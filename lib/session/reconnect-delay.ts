import type { StreamConnection } from "../connection/stream-connection.js";

// 5 000 browsers a second: a request with a session costs a node a fraction of a millisecond.
const RETURNS_PER_MS = 5;

/** Ends a connection whose user is no longer current. */
export function onOutdated(connection: StreamConnection): void {
  connection.finish("user", { retryMs: drawSoon() });
}

/** Ends a connection whose session could not be read. Its browser waits 5 to 15 s, to spare a failing store. */
export function onStoreFailed(connection: StreamConnection): void {
  connection.finish("error", { retryMs: Math.round(5_000 + Math.random() * 10_000) });
}

/**
 * Milliseconds after which a browser reconnects: so soon that the user does not notice, but after the response to the
 * request that changed the user, because this response may set a new cookie.
 *
 * @param among how many connections end together
 */
export function drawSoon(among = 1): number {
  return Math.round(200 + Math.random() * Math.max(400, among / RETURNS_PER_MS));
}
