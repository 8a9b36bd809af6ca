import { once } from "node:events";
import { createServer } from "node:net";

// Below the ports that the kernel gives to connections. One of these could take the port of a server that was killed,
// before it is started again. The bus of Redis Cluster is 10 000 above its port.
const FIRST = 10_000;
// Each worker of jest has ports of its own: no other one takes a port before it is used, or between a kill and a start.
const PER_WORKER = 2_000;
const WORKERS = 5;
// Some programs use the next ones, too.
const STEP = 5;

const worker = Number(process.env.JEST_WORKER_ID ?? 0) % WORKERS;
let steps = Math.floor((Math.random() * PER_WORKER) / STEP);

/**
 * A port that nobody listens on, and that is not given again soon.
 *
 * @param beside how far above it another port must be free, too
 */
export async function freePort(beside = 0): Promise<number> {
  for (;;) {
    steps += 1;
    const port = FIRST + worker * PER_WORKER + ((steps * STEP) % PER_WORKER);
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
