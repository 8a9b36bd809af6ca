import { readFileSync } from "node:fs";
import { join } from "node:path";
import { publisher, type Publisher } from "express-sse-hub/redis";
import { describeWhereInstalled, describeWith } from "../support/describe-with.js";
import { onTestEnd } from "../support/disposers.js";
import { CADDY, HAPROXY, NGINX, nginxConfig, startFront, type Front } from "../support/front.js";
import { openStream } from "../support/open-stream.js";
import { freePort } from "../support/free-port.js";
import { ReturningReader } from "../support/returning-reader.js";
import { Shop, until } from "../support/shop.js";
import { startThreeNodes } from "../support/three-nodes.js";
import { askFrom } from "./ask-from.js";

const REDIS = "/usr/bin/redis-server";
const RECIPES = join(__dirname, "../../demo/recipes/proxies");
const TIMEOUT_MS = 120_000;

/** A front, and the recipe that sets it up. */
interface Setting {
  readonly front: Front;
  readonly file: string;
  /** Makes the recipe's settings those of a port of the test's own. */
  readonly on: (port: number, settings: string) => string;
  /** Makes it give up a stream that is quiet for five seconds. */
  readonly impatient: (settings: string) => string;
}

const SETTINGS: Readonly<Record<"nginx" | "haproxy" | "Caddy", Setting>> = {
  nginx: {
    front: NGINX,
    file: "nginx.conf",
    on: (port, settings) =>
      nginxConfig(settings.replace("listen 80;", `listen 127.0.0.1:${port};`)),
    impatient: (settings) => settings.replaceAll("proxy_pass", "proxy_read_timeout 5s; proxy_pass"),
  },
  haproxy: {
    front: HAPROXY,
    file: "haproxy.cfg",
    on: (port, settings) => settings.replace("bind :80", `bind 127.0.0.1:${port}`),
    impatient: (settings) => settings.replaceAll("60s", "5s"),
  },
  Caddy: {
    front: CADDY,
    file: "Caddyfile",
    on: (port, settings) =>
      `{\n  admin off\n}\n${settings.replace(":80 {", `http://127.0.0.1:${port} {`)}`,
    impatient: (settings) =>
      settings.replace("lb_policy", "transport http {\n read_timeout 5s\n }\n lb_policy"),
  },
};

/** Puts a front before nodes, as its recipe does it. */
function putBefore(
  { front, file, on }: Setting,
  ports: readonly number[],
  change = (settings: string) => settings,
): Promise<string> {
  const settings = ports.reduce(
    (text, port, at) => text.replaceAll(`127.0.0.1:${3001 + at}`, `127.0.0.1:${port}`),
    readFileSync(join(RECIPES, file), "utf8"),
  );
  return startFront(front, (port) => on(port, change(settings)));
}

function publish(url: string): Publisher {
  const shop = publisher({ url });
  onTestEnd(() => shop.close());
  return shop;
}

for (const [name, setting] of Object.entries(SETTINGS)) {
  // CI installs nginx only.
  const describeBehind = name === "nginx" ? describeWith : describeWhereInstalled;
  describeBehind([REDIS, setting.front.program], `three nodes behind ${name}`, () => {
    it(
      "lose and double nothing when one is killed",
      async () => {
        const { nodes, ports, redisUrl } = await startThreeNodes();
        const url = await putBefore(setting, ports);
        const readers = await Promise.all(
          Array.from({ length: 6 }, () => ReturningReader.open(url, "/events")),
        );
        const shop = publish(redisUrl);
        const counts: string[] = [];
        const count = async () => {
          counts.push(String(counts.length));
          await shop.broadcast("message", String(counts.length - 1));
        };
        for (let n = 0; n < 50; n += 1) await count();
        const killed = nodes[1]?.kill();
        for (let n = 0; n < 50; n += 1) await count();
        await killed;
        await until(() => readers.some(({ streams }) => streams.length > 1), "one has returned");
        await count();
        await Promise.all(readers.map((reader) => reader.has("message", "100")));

        expect(readers.map((reader) => reader.dataOf("message"))).toEqual(Array(6).fill(counts));
      },
      TIMEOUT_MS,
    );

    it(
      "have browsers come back later while no node is there",
      async () => {
        const url = await putBefore(setting, [
          await freePort(),
          await freePort(),
          await freePort(),
        ]);

        const reader = await openStream(url, "/events");
        await reader.closed;

        expect([reader.status, reader.headers["content-type"], reader.all]).toEqual([
          200,
          "text/event-stream",
          [],
        ]);
      },
      TIMEOUT_MS,
    );

    it("tell the application whom they speak for", async () => {
      const shop = await Shop.open({
        routes: (app) => {
          app.set("trust proxy", "loopback");
          app.get("/me", ({ ip, protocol, headers: { host } }, res) => {
            res.json({ ip, protocol, host });
          });
        },
      });
      const port = Number(new URL(shop.url).port);
      const url = await putBefore(setting, [port, port, port]);

      expect(await askFrom("127.0.0.2", `${url}/me`)).toEqual({
        ip: "127.0.0.2",
        protocol: "http",
        host: new URL(url).host,
      });
    });

    it(
      "bring first bytes and events at once, and heartbeats through its patience",
      async () => {
        const shop = await Shop.open({ hub: { heartbeatMs: 250 } });
        const port = Number(new URL(shop.url).port);
        const url = await putBefore(setting, [port, port, port], setting.impatient);
        const reader = await openStream(url, "/events", {
          headers: { "Accept-Encoding": "gzip, br" },
        });
        onTestEnd(() => {
          reader.close();
        });
        expect(await reader.opened()).toMatchObject({ recovered: null });
        for (const data of ["1", "2", "x".repeat(300_000)]) {
          await shop.hub.broadcast("message", data);
          expect(await reader.nextData()).toEqual([data]);
        }

        await reader.received(":\n".repeat(24));
        await shop.hub.broadcast("message", "still here");
        expect(await reader.nextData()).toEqual(["still here"]);
        reader.close();
        await until(() => shop.hub.size === 0, "the hub notices that it has left");
      },
      TIMEOUT_MS,
    );
  });
}
