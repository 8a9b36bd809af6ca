import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { run } from "../package/run.js";
import { Shop, until, type ShopOptions } from "../support/shop.js";
import { describeFrontEndsInBrowser } from "./front-ends.js";
import { startServer } from "./started.js";

const APP = join(__dirname, "apps/react");
const COMPONENTS = 30;
const BUILD_MS = 120_000;

/** Resolves when every component shows this behind its number. */
async function allShow(page: Page, seen: string): Promise<void> {
  const expected = Array.from({ length: COMPONENTS }, (_, index) =>
    seen.replace("#", String(index)),
  );
  await page.waitForFunction(
    `JSON.stringify([...document.querySelectorAll("li")].map((li) => li.textContent)) ===
      ${JSON.stringify(JSON.stringify(expected))}`,
  );
}

describeFrontEndsInBrowser(
  "an application of React and Vite",
  (frontEnds, windows) => {
    let project: string;
    let vite: string;

    beforeAll(async () => {
      project = await frontEnds.copyOf(APP);
      vite = frontEnds.programOf("vite", "bin/vite.js");
      await run(process.execPath, [vite, "build"], project, { NODE_ENV: "production" });
    }, BUILD_MS);

    const openShop = (options: ShopOptions = {}) =>
      Shop.open({ ...options, sse: { static: join(project, "dist") } });

    async function change(name: string, before: string, after: string): Promise<void> {
      const file = join(project, "src", name);
      const text = await readFile(file, "utf8");
      expect(text).toContain(before);
      await writeFile(file, text.replace(before, after));
    }

    async function openPage(options: ShopOptions = {}, path = "/") {
      const shop = await openShop(options);
      const page = await windows.open(shop.url + path);
      return { shop, page };
    }

    it("has one connection for 30 components, and none after the last", async () => {
      const { shop, page } = await openPage();
      await allShow(page, "first # open 0 function");
      await shop.hub.broadcast("order", { id: 7 });
      await allShow(page, "first # open 7 function");
      expect([shop.hub.size, shop.hub.stats().opened]).toEqual([1, 1]);
      await page.evaluate("unmount()");
      await until(() => shop.hub.size === 0, "the connection has ended");
      expect(shop.hub.stats().opened).toBe(1);
    });

    it("has one connection over 1 000 renders, and calls the last handler once", async () => {
      const { shop, page } = await openPage();
      await allShow(page, "first # open 0 function");
      await page.evaluate(`(async () => {
      for (let round = 1; round <= 1000; round += 1) {
        setRound(round);
        if (round % 100 === 0) await new Promise(requestAnimationFrame);
      }
    })()`);
      await shop.hub.broadcast("message", "to be");
      await page.waitForFunction(`heard.length === ${COMPONENTS}`);
      const rows = Array.from({ length: COMPONENTS }, (_, index) => `${index} 1000 to be`);
      expect(await page.evaluate("heard")).toEqual(rows);
      expect(shop.hub.stats().opened).toBe(1);
    });

    it("has one connection when it suspends, at first and later", async () => {
      const { shop, page } = await openPage({}, "/?suspense");
      await page.waitForFunction('document.querySelector("p")?.textContent === "waiting"');
      await page.evaluate("give(0)");
      await allShow(page, "first # open 0 function");
      await page.evaluate("setRound(1)");
      await page.waitForFunction('document.querySelector("p")?.textContent === "waiting"');
      await shop.hub.broadcast("order", { id: 7 });
      await page.evaluate("give(1)");
      await allShow(page, "first # open 7 function");
      expect([shop.hub.size, shop.hub.stats().opened]).toEqual([1, 1]);
    });

    it("renews its token after 401", async () => {
      const asked: Array<string | undefined> = [];
      const { page } = await openPage({
        routes: (app) => {
          app.get("/events", (req, res, next) => {
            const { authorization } = req.headers;
            asked.push(authorization);
            if (authorization === "new") next();
            else res.sendStatus(401);
          });
        },
      });
      await allShow(page, "first # open 0 function");
      expect(asked).toEqual(["old", "new"]);
    });

    it("misses nothing while it is offline", async () => {
      const { shop, page } = await openPage({ hub: { retryMs: 50 } });
      await allShow(page, "first # open 0 function");
      await shop.hub.broadcast("order", { id: 1 });
      await allShow(page, "first # open 1 function");
      await page.context().setOffline(true);
      shop.hub.connections()[0]?.close();
      await allShow(page, "first # waiting 1 function");
      for (const text of ["a", "b"]) await shop.hub.broadcast("message", text);
      await shop.hub.broadcast("order", { id: 2 });
      await page.context().setOffline(false);
      await allShow(page, "first # open 2 function");
      expect(await page.evaluate('heard.filter((line) => line.startsWith("0 "))')).toEqual([
        "0 0 a",
        "0 0 b",
      ]);
      expect(shop.hub.size).toBe(1);
    });

    it("misses nothing while its page is in the back/forward cache", async () => {
      const { shop, page } = await openPage({ hub: { retryMs: 50 } });
      await allShow(page, "first # open 0 function");
      await shop.hub.broadcast("order", { id: 1 });
      await allShow(page, "first # open 1 function");
      await page.evaluate(
        "addEventListener('pageshow', ({ persisted }) => { window.wasCached = persisted; })",
      );
      await page.goto(`${shop.url}/elsewhere`);
      await shop.hub.broadcast("message", "away");
      await shop.hub.broadcast("order", { id: 2 });
      // A page of the cache does not load again.
      await page.goBack({ waitUntil: "commit" });
      await allShow(page, "first # open 2 function");
      expect(await page.evaluate("wasCached")).toBe(true);
      expect(await page.evaluate("heard.length")).toBe(COMPONENTS);
      await until(() => shop.hub.size === 1, "it has one connection");
    });

    it("misses nothing while its tab is frozen", async () => {
      const { shop, page } = await openPage({ hub: { retryMs: 50 } });
      await allShow(page, "first # open 0 function");
      await shop.hub.broadcast("order", { id: 1 });
      await allShow(page, "first # open 1 function");
      const devTools = await page.context().newCDPSession(page);
      await devTools.send("Page.setWebLifecycleState", { state: "frozen" });
      await shop.hub.broadcast("message", "frozen");
      shop.hub.connections()[0]?.close();
      await shop.hub.broadcast("message", "away");
      await devTools.send("Page.setWebLifecycleState", { state: "active" });
      await page.waitForFunction(`heard.length === ${2 * COMPONENTS}`);
      expect(await page.evaluate('heard.filter((line) => line.startsWith("0 "))')).toEqual([
        "0 0 frozen",
        "0 0 away",
      ]);
      await until(() => shop.hub.size === 1, "it is connected again");
    });

    it("keeps its connection over a change of its code, through the proxy of Vite", async () => {
      const shop = await openShop();
      const url = await startServer((port) => [vite, "--port", port, "--strictPort"], project, {
        SERVER_URL: shop.url,
      });
      const page = await windows.open(url);
      await allShow(page, "first # open 0 function");
      await shop.hub.broadcast("order", { id: 7 });
      await allShow(page, "first # open 7 function");
      await page.evaluate("window.isSamePage = true");
      await change("label.jsx", ">first ", ">second ");
      await allShow(page, "second # open 7 function");
      // Another order of hooks, so that every component is mounted anew.
      await change("row.jsx", "const order", "useSseState();\n  const order");
      await change("label.jsx", ">second ", ">third ");
      await allShow(page, "third # open 7 function");
      await shop.hub.broadcast("order", { id: 8 });
      await allShow(page, "third # open 8 function");
      expect(await page.evaluate("isSamePage")).toBe(true);
      expect([shop.hub.size, shop.hub.stats().opened]).toEqual([1, 1]);
    });
  },
  ["--disable-back-forward-cache"],
);
