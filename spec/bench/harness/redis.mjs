import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { find } from "./find-program.mjs";
import { cpuSeconds } from "./usage.mjs";

/** Why there can be no Redis here, or `null`. */
export function missingRedis() {
  return find("redis-server") === null
    ? "no redis-server here (on Debian: apt install redis-server)"
    : null;
}

/** A Redis of its own for one measurement, beside the load. Ends with `end()`. */
export async function startRedis(machine) {
  const port = await freePort();
  const args = `--port ${port} --bind 127.0.0.1 --save  --appendonly no`.split(" ");
  const child = spawn(...machine.command("load", find("redis-server"), args), { stdio: "ignore" });
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (tries === 100) throw new Error("redis-server has not begun to listen");
    await sleep(50);
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    cpuSeconds: () => cpuSeconds([child.pid]),
    async end() {
      child.kill();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}

/** Whether somebody takes connections there. */
export async function answers(port) {
  const socket = net.connect(port, "127.0.0.1");
  const isOpen = await Promise.race([
    once(socket, "connect").then(() => true),
    once(socket, "error").then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return isOpen;
}

/** A port that nobody listens on. */
export async function freePort() {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  return port;
}
