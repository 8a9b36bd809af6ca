import { memoryLog, type HubOptions } from "express-sse-hub";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import {
  SseProvider,
  useLatest,
  useRun,
  useSse,
  useSseEvent,
  useSseState,
} from "express-sse-hub/react";
import type { Page } from "playwright-core";
import { describeInBrowser, type Windows } from "../support/browser.js";
import { sample } from "../support/guides.js";
import { Script } from "../run/answers.js";
import { serve } from "../support/serve.js";
import { Shop, until } from "../support/shop.js";
import { bundlePage, bundleSample, REACT_VERSIONS } from "./bundle-page.js";

const COMPONENTS = 30;
const HTML =
  '<!doctype html><div id="root"></div><p id="orders"></p><script src="page.js"></script>';

async function openPage(windows: Windows, script: string, hub: HubOptions = {}) {
  const shop = await Shop.open({
    hub,
    routes: (app) => {
      app.get("/", (_req, res) => res.type("html").send(HTML));
      app.get("/page.js", (_req, res) => res.type("js").send(script));
    },
  });
  const page = await windows.open(shop.url);
  return { shop, page };
}

/** Resolves when every component shows this behind its number. */
async function allShow(page: Page, seen: string): Promise<void> {
  const expected = Array.from({ length: COMPONENTS }, (_, index) => `${index} ${seen}`);
  await page.waitForFunction(
    `JSON.stringify([...document.querySelectorAll("li")].map((li) => li.textContent)) ===
      ${JSON.stringify(JSON.stringify(expected))}`,
  );
}

describeInBrowser("the hooks in StrictMode", (windows) => {
  describe.each(REACT_VERSIONS)("with React %s", (major, packages) => {
    let script: string;

    beforeAll(async () => {
      script = await bundlePage(packages);
    });

    it("open one connection for 30 components, and close it after the last", async () => {
      const { shop, page } = await openPage(windows, script);
      await allShow(page, "open 0 function");
      expect(await page.evaluate("version")).toMatch(new RegExp(`^${major}\\.`));
      await shop.hub.broadcast("order", { id: 7 });
      await allShow(page, "open 7 function");
      expect([shop.hub.size, shop.hub.stats().opened]).toEqual([1, 1]);
      await page.evaluate("unmount()");
      await until(() => shop.hub.size === 0, "the connection has ended");
      await page.evaluate("mount()");
      await allShow(page, "open 0 function");
      expect([shop.hub.size, shop.hub.stats().opened]).toEqual([1, 2]);
    });

    it("keep the connection of components that come back at once", async () => {
      const { shop, page } = await openPage(windows, script);
      await allShow(page, "open 0 function");
      await page.evaluate("unmount(); setTimeout(mount, 0)");
      await shop.hub.broadcast("order", { id: 7 });
      await allShow(page, "open 7 function");
      expect(shop.hub.stats().opened).toBe(1);
    });

    it("call the handler of the last of 1 000 renders, once", async () => {
      const { shop, page } = await openPage(windows, script);
      await allShow(page, "open 0 function");
      await page.evaluate(`(async () => {
        for (let round = 1; round <= 1000; round += 1) {
          setRound(round);
          if (round % 100 === 0) await new Promise(requestAnimationFrame);
        }
      })()`);
      await shop.hub.broadcast("message", "to be");
      await page.waitForFunction(`heard.length === ${COMPONENTS}`);
      await shop.hub.broadcast("order", { id: 1 });
      await allShow(page, "open 1 function");
      const rows = Array.from({ length: COMPONENTS }, (_, index) => `${index} 1000 to be`);
      expect(await page.evaluate("heard")).toEqual(rows);
      expect(shop.hub.stats().opened).toBe(1);
    });
  });
});

describeInBrowser("the guide's samples of React", (windows) => {
  it("show the state, then the newest order, and hear each message", async () => {
    const said = "const said = (window.said = []); const say = (text) => said.push(text);";
    const script = await bundleSample(`${sample("React")}\n${said}`);
    const { shop, page } = await openPage(windows, script);
    await page.waitForFunction('document.querySelector("#orders").textContent === "open"');
    await shop.hub.broadcast("message", "to be");
    await shop.hub.broadcast("order", { id: 7 });
    await page.waitForFunction('document.querySelector("#orders").textContent === "Order 7"');
    expect(await page.evaluate("said")).toEqual(["to be"]);
  });

  it("follow a run over a reload, stop it, and keep one connection in StrictMode", async () => {
    const script = await bundleSample(`
      import { StrictMode } from "react";
      import { createRoot } from "react-dom/client";
      ${sample("React run")}
      const Both = () => <StrictMode><Answer /><Answer /></StrictMode>;
      createRoot(document.querySelector("#root")).render(<Both />);
    `);
    const run = new Script();
    const shop = await Shop.open({
      routes: (app, hub) => {
        app.get("/", (_req, res) => res.type("html").send(HTML));
        app.get("/page.js", (_req, res) => res.type("js").send(script));
        app.post("/answers", (req, res) => {
          hub.run("a", run.source, { for: "everybody" });
          res.location("/answers/a");
          void req.sse.follow("a");
        });
        app.get("/answers/a", (req) => void req.sse.follow("a"));
        app.delete("/answers/a", async (_req, res) => res.json(await hub.cancel("a")));
      },
    });
    const page = await windows.open(shop.url);
    const shows = (text: string, state: string) =>
      page.waitForFunction(`[...document.querySelectorAll("article")].some((article) =>
        article.querySelector("p").textContent === ${JSON.stringify(text)} &&
        article.querySelector("output").textContent === ${JSON.stringify(state)})`);
    await shows("", "idle");
    await page.locator("button").first().click();
    await shows("", "open");
    run.say("to ", "be");
    await shows("to be", "open");
    await page.reload();
    await shows("to be", "open");
    await until(() => shop.hub.size === 1, "both components share a connection");
    await page.locator("button").nth(1).click();
    await shows("to be", "cancelled");
    expect(run.tools?.signal.aborted).toBe(true);
  });

  it("load the state again when the page cannot be told what it missed", async () => {
    const script = await bundleSample(`
      import { createRoot } from "react-dom/client";
      import { SseProvider, useSseState } from "express-sse-hub/react";
      ${sample("React loads again")}
      window.loads = 0;
      const loadState = () => { window.loads += 1; };
      const Row = () => {
        useReload(loadState);
        return useSseState();
      };
      createRoot(document.querySelector("#root")).render(<SseProvider url="/events"><Row /></SseProvider>);
    `);
    const { shop, page } = await openPage(windows, script, {
      retryMs: 10,
      log: memoryLog({ maxEvents: 2 }),
    });
    await page.waitForFunction('document.querySelector("#root").textContent === "open"');
    shop.hub.connections()[0]?.close();
    for (const text of ["1", "2", "3"]) void shop.hub.broadcast("message", text);
    await page.waitForFunction("loads === 1");
    expect(shop.hub.stats().opened).toBe(2);
  });
});

describe("the hooks on a server", () => {
  it("render what there is before a stream, and ask nobody", async () => {
    let requests = 0;
    const server = await serve((_req, res) => {
      requests += 1;
      res.end();
    });
    const Row = () => {
      useSseEvent("message", () => undefined);
      const run = useRun(server.url).state;
      return [
        run,
        useRun(null).state,
        useSseState(),
        String(useLatest("order", "none")),
        typeof useSse(),
      ].join(" ");
    };
    const app = createElement(SseProvider, { url: server.url }, createElement(Row));
    expect(renderToString(app)).toBe("connecting idle connecting none undefined");
    // Whatever the render had begun would have been asked by now.
    await fetch(server.url);
    expect(requests).toBe(1);
  });

  it("say that there is no provider", () => {
    const Row = () => useSseState();
    expect(() => renderToString(createElement(Row))).toThrow(
      "A hook of express-sse-hub/react was used without an SseProvider. Put <SseProvider url> around the component.",
    );
  });
});
