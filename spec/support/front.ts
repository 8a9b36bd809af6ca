import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { openSync, closeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestEnd } from "./disposers.js";
import { freePort } from "./free-port.js";
import { takesConnections } from "./takes-connections.js";

const START_MS = 30_000;

/** A program that stands in front of the application's nodes. */
export interface Front {
  readonly program: string;
  /** One process in the foreground, so that killing it leaves nothing behind. */
  readonly args: (config: string, folder: string) => readonly string[];
}

export const NGINX: Front = {
  program: "/usr/sbin/nginx",
  args: (config, folder) => ["-p", folder, "-c", config, "-e", "stderr"],
};
export const HAPROXY: Front = {
  program: "/usr/sbin/haproxy",
  args: (config) => ["-db", "-f", config],
};
export const CADDY: Front = {
  program: "/usr/bin/caddy",
  args: (config) => ["run", "--adapter", "caddyfile", "--config", config],
};

/** Starts it on a free port until the end of the test, and gives its address. */
export async function startFront(
  { program, args }: Front,
  configOf: (port: number) => string,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sse-hub-front-"));
  onTestEnd(() => rm(folder, { recursive: true }));
  const port = await freePort();
  const [config, output] = [join(folder, "config"), join(folder, "output")];
  await writeFile(config, configOf(port));
  const log = openSync(output, "w");
  const child = spawn(program, args(config, folder), {
    cwd: folder,
    env: { ...process.env, HOME: folder },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => child.once("error", resolve).once("exit", resolve));
  void ended.then(() => (hasEnded = true));
  onTestEnd(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const deadline = Date.now() + START_MS;
  while (!(await takesConnections(port))) {
    if (hasEnded || Date.now() > deadline) {
      throw new Error(`${program} does not start. ${await readFile(output, "utf8")}`);
    }
    await sleep(20);
  }
  return `http://127.0.0.1:${port}`;
}

/** What nginx needs around `server`, with nothing of the machine's own configuration. */
export function nginxConfig(http: string): string {
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
    daemon off;
    master_process off;
    pid nginx.pid;
    events { worker_connections 256; }
    http {
      access_log off;
      ${folders.map((name) => `${name}_temp_path ${name};`).join("\n      ")}
      ${http}
    }
  `;
}
