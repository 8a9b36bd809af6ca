import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestEnd } from "../support/disposers.js";
import { freePort } from "../support/free-port.js";
import { takesConnections } from "../support/takes-connections.js";

const LOOK_MS = 20;

/**
 * Runs a file with Node until the end of the test. Resolves with its address when it takes connections.
 *
 * @param argsFor the file and its arguments, given the port to listen on
 */
export async function startServer(
  argsFor: (port: string) => readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const port = await freePort();
  const child = spawn(process.execPath, argsFor(String(port)), {
    cwd,
    env: { ...process.env, PORT: String(port), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that nothing it has started is left behind.
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const ended = once(child, "close");
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  onTestEnd(async () => {
    const mustEnd = !hasEnded();
    if (mustEnd && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    const [code, signal] = (await ended) as [number | null, string | null];
    if (!mustEnd) throw new Error(`The server has ended by itself (${code ?? signal}): ${output}`);
  });
  do {
    await sleep(LOOK_MS);
    if (hasEnded()) throw new Error("The server did not start.");
  } while (!(await takesConnections(port)));
  return `http://localhost:${port}`;
}
