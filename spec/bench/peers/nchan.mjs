// Nchan: a module of nginx, written in C. It is published to over HTTP, by this process.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { find } from "../harness/find-program.mjs";

export const name = "nchan";
export const isOutside = true;

const MODULE = process.env.NCHAN_MODULE ?? "/usr/lib/nginx/modules/ngx_nchan_module.so";

export function missing() {
  if (find("nginx") === null) return "no nginx here (on Debian: apt install nginx)";
  if (existsSync(MODULE)) return null;
  return "nginx has no Nchan module (on Debian: apt install libnginx-mod-nchan, or set NCHAN_MODULE)";
}

export async function start({ port, spawnServer, folder }) {
  mkdirSync(join(folder, "logs"), { recursive: true });
  writeFileSync(join(folder, "nginx.conf"), configuration(port));
  const nginx = spawnServer(find("nginx"), ["-p", folder, "-c", "nginx.conf"]);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const publish = (text) => post({ agent, port, text });
  for (let tries = 0; tries < 50; tries += 1) {
    await sleep(100);
    if (await publish("hello").catch(() => false)) break;
  }
  // One socket, so that the order is kept.
  const broadcast = (text) => void publish(text).catch((error) => console.error(error.message));
  return { pids: [nginx.pid, ...childrenOf(nginx.pid)], broadcast };
}

function configuration(port) {
  return `
load_module ${MODULE};
daemon off;
worker_processes 1;
${process.getuid() === 0 ? "user root;" : ""}
pid nginx.pid;
error_log logs/error.log;
events { worker_connections 20000; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  scgi_temp_path scgi; uwsgi_temp_path uwsgi;
  client_body_buffer_size 2m; client_max_body_size 2m;
  nchan_shared_memory_size 128M;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /events {
      nchan_subscriber eventsource;
      nchan_channel_id bench;
      nchan_subscriber_first_message newest;
    }
    location = /publish { nchan_publisher http; nchan_channel_id bench; }
  }
}`;
}

function post({ agent, port, text }) {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { agent, port, host: "127.0.0.1", path: "/publish", method: "POST" },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode < 300));
      },
    );
    request.on("error", reject);
    request.end(text);
  });
}

function childrenOf(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return children.split(" ").filter(Boolean).map(Number);
}
