import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { build, type Plugin } from "esbuild";
import { EventSource } from "eventsource";
import type { Page } from "playwright-core";
import { describeInBrowser } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { sample, type SampleName } from "../support/guides.js";
import { Shop, until } from "../support/shop.js";

const IN_BROWSER = ["EventSource", "event-source-polyfill", "sse.js", "fetch-event-source"];

type Told = Array<[event: string, data: string, id: string]>;

/** The guide's samples as modules: each exports a function that opens a stream with what it pastes. */
const guideSamples: Plugin = {
  name: "samples of the guide",
  setup(bundler) {
    bundler.onResolve({ filter: /^guide:/ }, ({ path }) => ({ path, namespace: "guide" }));
    bundler.onLoad({ filter: /^guide:/, namespace: "guide" }, ({ path }) => ({
      contents: moduleOf(sample(path.slice("guide:".length) as SampleName)),
      resolveDir: __dirname,
    }));
  },
};

function moduleOf(pasted: string): string {
  const lines = pasted.replace('"/events"', "url").split("\n");
  const isImport = (line: string) => line.startsWith("import ");
  return [
    ...lines.filter(isImport),
    "export function open(url, show) {",
    "let stream;",
    ...lines
      .filter((line) => !isImport(line))
      .map((line) => line.replace("const stream", "stream")),
    "return stream;",
    "}",
  ].join("\n");
}

let page = "";
let finished = 0;

async function openShop(): Promise<Shop> {
  finished = 0;
  return Shop.open({
    hub: { heartbeatMs: 50, retryMs: 20 },
    routes: (app) => {
      app.get("/", (_req, res) => res.send("<!doctype html><script src=page.js></script>"));
      app.get("/page.js", (_req, res) => res.type("js").send(page));
      app.get("/own", (req) => {
        finished += 1;
        const connection = req.sse.open();
        connection.send("message", "not yet");
        void connection.opened.then(() => {
          connection.send("message", "token");
          connection.end();
        });
      });
    },
  });
}

async function toldBy(window: Page): Promise<Told> {
  return window.evaluate("told");
}

/** Resolves when the page was told that, so often. */
async function tells(window: Page, event: string, data: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await toldBy(window)).some(([name, text]) => name === event && text === data)) {
    if (Date.now() > deadline)
      throw new Error(`No ${event} ${data} in ${String(await toldBy(window))}`);
    await wait(20);
  }
}

function messagesIn(told: Told): Array<[string, string]> {
  return told.filter(([event]) => !event.startsWith("hub:")).map(([event, data]) => [event, data]);
}

describeInBrowser("a client of somebody else's", (windows) => {
  beforeAll(async () => {
    const entryPoints = [join(__dirname, "foreign-clients/page.js")];
    const plugins = [guideSamples];
    const { outputFiles } = await build({ entryPoints, plugins, bundle: true, write: false });
    page = outputFiles[0]?.text ?? "";
  });

  async function connect(shop: Shop, name: string, path: string): Promise<Page> {
    const window = await windows.open(shop.url);
    await window.evaluate(`connect(${JSON.stringify(name)}, ${JSON.stringify(path)})`);
    return window;
  }

  it.each(IN_BROWSER)("gets every event once, and nothing empty: %s", async (name) => {
    const shop = await openShop();
    const window = await connect(shop, name, "/events");
    await until(() => shop.hub.stats().opened === 1, "it is open");
    await shop.hub.broadcast("message", "");
    await shop.hub.broadcast("message", "two\nlines");
    // Some heartbeats, in the middle and at the end.
    await wait(200);
    await shop.hub.broadcast("order", { id: 7 });
    await tells(window, "order", '{"id":7}');
    await wait(200);
    const told = await toldBy(window);
    expect(messagesIn(told)).toEqual([
      ["message", ""],
      ["message", "two\nlines"],
      ["order", '{"id":7}'],
    ]);
    expect(told.filter(([event, data]) => data === "" && event !== "message")).toEqual([]);
    expect(told.at(-1)?.[2] ?? "").toContain(".");
  });

  it.each(IN_BROWSER)(
    "returns after an end with its cursor, and misses nothing: %s",
    async (name) => {
      const shop = await openShop();
      const window = await connect(shop, name, "/events");
      await until(() => shop.hub.stats().opened === 1, "it is open");
      await shop.hub.broadcast("message", "before");
      await tells(window, "message", "before");
      for (const connection of shop.hub.connections()) connection.close();
      await shop.hub.broadcast("message", "meanwhile");
      await tells(window, "message", "meanwhile");
      await shop.hub.broadcast("message", "after");
      await tells(window, "message", "after");
      expect(messagesIn(await toldBy(window)).map(([, data]) => data)).toEqual([
        "before",
        "meanwhile",
        "after",
      ]);
    },
  );

  it.each(IN_BROWSER)("does not run a finished stream again: %s", async (name) => {
    const shop = await openShop();
    const window = await connect(shop, name, "/own");
    await tells(window, "hub:end", '{"reason":"done"}');
    // Ten times the delay of a return.
    await wait(300);
    expect([finished, messagesIn(await toldBy(window))]).toEqual([1, [["message", "token"]]]);
  });
});

describe("the package eventsource", () => {
  it("gets every event once, nothing empty, and returns with its cursor", async () => {
    const shop = await openShop();
    const told: string[] = [];
    const source = new EventSource(`${shop.url}/events`);
    onTestEnd(() => {
      source.close();
    });
    source.addEventListener("message", ({ data }) => told.push(String(data)));
    await until(() => shop.hub.stats().opened === 1, "it is open");
    await shop.hub.broadcast("message", "before");
    await wait(200);
    for (const connection of shop.hub.connections()) connection.close();
    await shop.hub.broadcast("message", "meanwhile");
    await until(() => told.includes("meanwhile"), "it has returned");
    expect(told).toEqual(["before", "meanwhile"]);
  });
});
