import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Program } from "./program.js";

const LOOK_MS = 20;

/** What nginx is to serve, and where its files go. */
export interface NginxSettings {
  readonly file: string;
  readonly folder: string;
  readonly port: number;
  readonly nodePorts: readonly number[];
}

/** Starts an nginx in front of the nodes, and resolves when it takes connections. */
export async function startNginx(settings: NginxSettings): Promise<Program> {
  const { file, folder, port } = settings;
  const config = join(folder, "nginx.conf");
  const errorLog = join(folder, "nginx.log");
  await writeFile(config, configOf(settings));
  const nginx = Program.spawn(file, ["-p", folder, "-c", config, "-e", errorLog], "ignore");
  while (!(await takesConnections(port))) {
    if (nginx.hasEnded) throw new Error(`nginx: ${await readFile(errorLog, "utf8")}`);
    await sleep(LOOK_MS);
  }
  return nginx;
}

// One process in the foreground, so that ending it leaves nothing behind. When no node answers, the
// stream is told to come back: EventSource gives up for good on nginx's own 502.
function configOf({ port, nodePorts }: NginxSettings): string {
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `daemon off;
master_process off;
pid nginx.pid;
events {}
http {
  access_log off;
  ${folders.map((name) => `${name}_temp_path ${name};`).join("\n  ")}
  upstream nodes {
    least_conn;
    ${nodePorts.map((nodePort) => `server 127.0.0.1:${nodePort} fail_timeout=1s;`).join("\n    ")}
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://nodes;
      proxy_set_header Host $http_host;
    }
    location ~ /sse$ {
      proxy_pass http://nodes;
      proxy_set_header Host $http_host;
      error_page 502 504 = @later;
    }
    location @later {
      default_type text/event-stream;
      return 200 "retry: 1000\\n\\n";
    }
  }
}
`;
}

function takesConnections(port: number): Promise<boolean> {
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
