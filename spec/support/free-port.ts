import { once } from "node:events";
import { createServer } from "node:net";

// Below the ports that the kernel gives to connections. One of these could take the port of a server that was killed,
// before it is started again.
const [FIRST, LAST] = [10_000, 31_999];

/**
 * A port that nobody listens on.
 *
 * @param beside how far above it another port must be free, too
 */
export async function freePort(beside = 0): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - beside - FIRST));
    if ((await isFree(port)) && (await isFree(port + beside))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  try {
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
