import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestEnd } from "./disposers.js";

const NGINX = "/usr/sbin/nginx";
const START_MS = 10_000;

/**
 * A `describe` whose specs need a real nginx. On a machine without it they are skipped, and a line
 * says so; where `CI` is `true` they fail instead, so that nobody takes a gap for a pass.
 */
export function describeBehindNginx(name: string, specs: () => void): void {
  if (existsSync(NGINX) || process.env.CI === "true") {
    describe(name, specs);
    return;
  }
  process.stderr.write(`Skipped without ${NGINX} (apt-get install nginx): ${name}\n`);
  describe.skip(name, specs);
}

/** What of a configuration is the spec's own. */
export interface NginxOptions {
  /** Where requests go: an address of the form http://127.0.0.1:1234. */
  upstream: string;
  /** Directives beside `proxy_pass`. */
  location?: string;
  /** Directives for the whole of `http`. */
  http?: string;
}

/** Starts an nginx on a free port until the end of the test, and gives its address. */
export async function startNginx(options: NginxOptions): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sse-hub-nginx-"));
  onTestEnd(() => rm(folder, { recursive: true }));
  const port = await freePort();
  const config = join(folder, "nginx.conf");
  await writeFile(config, configOf(port, options));
  const nginx = spawn(NGINX, ["-p", folder, "-c", config, "-e", join(folder, "error.log")], {
    stdio: "ignore",
  });
  const ended = new Promise<void>((resolve) => nginx.once("error", resolve).once("exit", resolve));
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  onTestEnd(async () => {
    nginx.kill("SIGKILL");
    await ended;
  });
  const deadline = Date.now() + START_MS;
  while (!(await accepts(port))) {
    if (hasEnded || Date.now() > deadline) {
      const log = await readFile(join(folder, "error.log"), "utf8").catch(() => "");
      throw new Error(`nginx does not start. ${log}`);
    }
    await sleep(20);
  }
  return `http://127.0.0.1:${port}`;
}

// One process in the foreground, so that killing it leaves nothing behind, and nothing of the
// machine's own configuration.
function configOf(port: number, { upstream, location = "", http = "" }: NginxOptions): string {
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
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass ${upstream};
          ${location}
        }
      }
    }
  `;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}
