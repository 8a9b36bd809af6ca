import { NGINX, nginxConfig, startFront } from "./front.js";
import { describeWith } from "./describe-with.js";

/**
 * A `describe` whose specs need a real nginx. On a machine without it they are skipped, and a line
 * says so; where `CI` is `true` they fail instead, so that nobody takes a gap for a pass.
 */
export function describeBehindNginx(name: string, specs: () => void): void {
  describeWith([NGINX.program], name, specs);
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
export function startNginx({ upstream, location = "", http = "" }: NginxOptions): Promise<string> {
  return startFront(NGINX, (port) =>
    nginxConfig(`
      ${http}
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass ${upstream};
          ${location}
        }
      }
    `),
  );
}
