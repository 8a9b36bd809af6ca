import { createServer } from "node:http";
import { listen } from "../listen.js";

/** Gives a port that nobody listens on: the one asked for, or with 0 any. Rejects where it is taken. */
export async function freePort(wanted = 0): Promise<number> {
  const server = createServer();
  const port = await listen(server, wanted);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
