import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestEnd } from "./support/disposers.js";
import { CADDY, HAPROXY, NGINX, nginxConfig, startFront } from "./support/front.js";
import { textOf } from "./support/guides.js";
import { describeWhereInstalled } from "./support/describe-with.js";
import { describeBehindNginx, startNginx } from "./support/nginx.js";
import { openStream } from "./support/open-stream.js";
import { Shop } from "./support/shop.js";

/** Directives of the proxy that speaks to the application, and of the one that speaks to browsers. */
interface Row {
  readonly inner?: string;
  readonly outer?: string;
}

const SMALL = ["1", "2"];
const SENT = [...SMALL, "x".repeat(300_000)];

const CURES: Array<[what: string, row: Row, sent: readonly string[]]> = [
  ["the inner one hands the hint on", { inner: "proxy_pass_header X-Accel-Buffering;" }, SENT],
  ["the outer one does not buffer", { outer: "proxy_buffering off;" }, SENT],
  [
    "the outer one speaks HTTP/1.1 and keeps connections",
    { outer: 'proxy_http_version 1.1; proxy_set_header Connection "";' },
    // The end of what is larger than its buffers may wait there for more.
    SMALL,
  ],
];

async function startRow(shop: Shop, { inner = "", outer = "" }: Row): Promise<string> {
  const upstream = await startNginx({ upstream: shop.url, location: inner });
  return startNginx({ upstream, location: outer });
}

/** What a browser gets through a row of proxies, each before the next is sent. */
async function received(
  shop: Shop,
  url: string,
  sent: readonly string[] = SENT,
): Promise<string[]> {
  const reader = await openStream(url, "/events", { headers: { "Accept-Encoding": "gzip, br" } });
  onTestEnd(() => {
    reader.close();
  });
  await reader.opened();
  const texts: string[] = [];
  for (const data of sent) {
    await shop.hub.broadcast("message", data);
    texts.push(...(await reader.nextData()));
  }
  return texts;
}

describeBehindNginx("behind two nginx in a row", () => {
  it("nothing arrives before the end where the hint ends at the inner one", async () => {
    const shop = await Shop.open();
    const url = await startRow(shop, {});
    const joined = new Promise((resolve) => shop.hub.once("join", resolve));
    const answer = fetch(`${url}/events`);
    let hasAnswered = false;
    void answer.then(() => (hasAnswered = true));
    await joined;
    await shop.hub.broadcast("message", "1");
    const direct = await shop.stream();
    await shop.hub.broadcast("message", "2");
    expect(await direct.nextData()).toEqual(["2"]);
    expect(hasAnswered).toBe(false);
    await shop.hub.close();
    const response = await answer;
    expect(response.headers.get("X-Accel-Buffering")).toBeNull();
    expect(await response.text()).toMatch(/data: 1\n\n[^]*data: 2\n\n[^]*hub:end/);
  });

  it.each(CURES)("the guide names the setting: %s", (_what, { inner, outer }) => {
    expect(textOf("lib/express/README.md")).toContain(`\`${inner ?? outer ?? ""}\``);
  });

  it.each(CURES)("all arrives at once where %s", async (_what, row, sent) => {
    const shop = await Shop.open();
    expect(await received(shop, await startRow(shop, row), sent)).toEqual(sent);
  });
});

describeBehindNginx("behind an nginx before that of the recipe", () => {
  it("all arrives, for the recipe hands the hint on", async () => {
    const shop = await Shop.open();
    const recipe = readFileSync(join(__dirname, "../demo/recipes/proxies/nginx.conf"), "utf8");
    const upstream = await startFront(NGINX, (port) =>
      nginxConfig(
        recipe
          .replace("listen 80;", `listen 127.0.0.1:${port};`)
          .replaceAll(/127\.0\.0\.1:300\d/g, new URL(shop.url).host),
      ),
    );
    expect(await received(shop, await startNginx({ upstream }))).toEqual(SENT);
  });
});

describeWhereInstalled([HAPROXY.program, NGINX.program], "behind haproxy before nginx", () => {
  it("all arrives, for haproxy does not wait for more", async () => {
    const shop = await Shop.open();
    const inner = new URL(await startNginx({ upstream: shop.url }));
    const url = await startFront(
      HAPROXY,
      (port) => `
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend web
  bind 127.0.0.1:${port}
  default_backend inner
backend inner
  server inner ${inner.host}
`,
    );
    expect(await received(shop, url)).toEqual(SENT);
  });
});

describeWhereInstalled([CADDY.program, NGINX.program], "behind Caddy before nginx", () => {
  it("all arrives at once, also where Caddy compresses", async () => {
    const shop = await Shop.open();
    const inner = new URL(await startNginx({ upstream: shop.url }));
    const url = await startFront(
      CADDY,
      (port) => `{
  admin off
}
http://127.0.0.1:${port} {
  encode gzip
  reverse_proxy ${inner.host}
}
`,
    );
    expect(await received(shop, url)).toEqual(SENT);
  });
});
