import type { Server } from "node:http";
import type { Hub } from "express-sse-hub";

// How long the server waits for short responses, and for sockets that a browser has opened in advance.
const ANSWERS_MS = 1_000;

/** Ends all streams, so that the browsers reconnect later, and then closes the server. */
export async function drain(hub: Hub, server: Server): Promise<void> {
  await hub.close();
  const closed = new Promise((resolve) => server.close(resolve));
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, ANSWERS_MS);
  await closed;
  clearTimeout(timer);
}
