import type { Page } from "playwright-core";
import { describeInBrowser } from "../support/browser.js";
import { Shop, until } from "../support/shop.js";

const CLIENT = 'import { connect } from "/express-sse-hub/client.js";';
const TOLD = `
  stream.onOpen(({ recovered }) => tell("recovered " + recovered));
  stream.on("message", (text) => tell("message " + text));
  stream.onState((state) => tell(state));`;
const WORKER = `${CLIENT}
  const stream = connect("/events" + location.search, { shared: location.search !== "" });
  const tell = (line) => postMessage(line);${TOLD}
  onmessage = () => stream.close();`;
const SERVICE_WORKER = `${CLIENT}
  let page;
  const tell = (line) => page.postMessage(line);
  addEventListener("message", ({ source, data }) => {
    page = source;
    const stream = connect("/events", data);${TOLD}
  });`;
const PAGE = '<!doctype html><script type="module" src="/page.js"></script>';
const SCRIPT = `
  window.told = [];
  window.startWorker = (query) => {
    window.worker = new Worker("/worker.js" + query, { type: "module" });
    worker.onmessage = ({ data }) => told.push(data);
  };
  window.startServiceWorker = async (options) => {
    navigator.serviceWorker.onmessage = ({ data }) => told.push(data);
    await navigator.serviceWorker.register("/service-worker.js", { type: "module" });
    (await navigator.serviceWorker.ready).active.postMessage(options);
  };`;

async function openShop(): Promise<Shop> {
  return Shop.open({
    hub: { retryMs: 50 },
    routes: (app) => {
      app.get("/", (_req, res) => res.type("html").send(PAGE));
      app.get("/page.js", (_req, res) => res.type("js").send(SCRIPT));
      app.get("/worker.js", (_req, res) => res.type("js").send(WORKER));
      app.get("/service-worker.js", (_req, res) => res.type("js").send(SERVICE_WORKER));
    },
  });
}

const tells = (page: Page, line: string) =>
  page.waitForFunction(`told.includes(${JSON.stringify(line)})`);

/** What is told before and after a connection that has ended. */
async function toldOverAReconnect(shop: Shop, page: Page): Promise<unknown> {
  await tells(page, "recovered null");
  await shop.hub.broadcast("message", "before");
  await tells(page, "message before");
  shop.hub.connections()[0]?.close();
  await shop.hub.broadcast("message", "missed");
  await tells(page, "message missed");
  return page.evaluate("told");
}

const OVER_A_RECONNECT = [
  "open",
  "recovered null",
  "message before",
  "waiting",
  "connecting",
  "open",
  "recovered true",
  "message missed",
];

describeInBrowser("the client in a worker", (windows) => {
  it("reads, reconnects and closes", async () => {
    const shop = await openShop();
    const page = await windows.open(shop.url);
    await page.evaluate('startWorker("")');
    expect(await toldOverAReconnect(shop, page)).toEqual(OVER_A_RECONNECT);
    await page.evaluate("worker.postMessage(1)");
    await until(() => shop.hub.size === 0, "the connection has ended");
  });

  it("shares its connection with the worker of another tab", async () => {
    const shop = await openShop();
    const first = await windows.open(shop.url);
    await first.evaluate('startWorker("?all")');
    await tells(first, "recovered null");
    const second = await windows.openBeside(first, shop.url);
    await second.evaluate('startWorker("?all")');
    await tells(second, "recovered null");
    await until(() => shop.hub.size === 1, "they share one connection");
    await shop.hub.broadcast("message", "to both");
    await Promise.all([tells(first, "message to both"), tells(second, "message to both")]);
    expect(shop.hub.size).toBe(1);
  });
});

describeInBrowser("the client in a service worker", (windows) => {
  // A service worker cannot load the part that shares a connection.
  it.each([
    ["alone", {}],
    ["that was to share its connection", { shared: true }],
  ])("reads and reconnects, %s", async (_how, options) => {
    const shop = await openShop();
    const page = await windows.open(shop.url);
    await page.evaluate(`startServiceWorker(${JSON.stringify(options)})`);
    expect(await toldOverAReconnect(shop, page)).toEqual(OVER_A_RECONNECT);
  });
});
