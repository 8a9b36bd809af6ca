import type { Server } from "node:http";
import type { Hub } from "express-sse-hub";

// By now the streams have ended; what is left are short answers, and sockets a browser opened ahead.
const ANSWERS_MS = 1_000;

/** Lets everybody go: the streams first, told to come back later, then the server. */
export async function drain(hub: Hub, server: Server): Promise<void> {
  await hub.close();
  const closed = new Promise((resolve) => server.close(resolve));
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, ANSWERS_MS);
  await closed;
  clearTimeout(timer);
}
