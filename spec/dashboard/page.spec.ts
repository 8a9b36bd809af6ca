import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import { createHub, sse } from "express-sse-hub";
import { dashboard } from "express-sse-hub/dashboard";
import express from "express";
import helmet from "helmet";
import type { Page } from "playwright-core";
import supertest from "supertest";
import { describeInBrowser } from "../support/browser.js";
import { serve } from "../support/serve.js";
import type { Shop } from "../support/shop.js";
import { ALICE, BOB, openDashboardShop } from "./dashboard-shop.js";
import { logOfNodes } from "./log-of-nodes.js";

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const EVIL = { id: 3, name: '<img src=x onerror="document.title=1">', profile: "Viewer" };

interface View {
  readonly hash?: string;
  readonly path?: string;
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
}

interface AxeResult {
  readonly violations: ReadonlyArray<{ readonly id: string; readonly nodes: unknown[] }>;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  await once(signal, "abort");
}

/** What axe-core finds in the page. */
async function faultsIn(page: Page): Promise<string[]> {
  // Not as an element of the page: its policy allows none.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResult>("axe.run()");
  return violations.map(({ id, nodes }) => `${id} ${JSON.stringify(nodes)}`);
}

describeInBrowser("the dashboard's page", (windows) => {
  /** Opens the dashboard as Alice, and notes what the page asks for and complains of. */
  async function open(
    shop: Shop,
    { hash = "", path = "/sse-admin", width = 1280, colorScheme = "light" }: View = {},
  ) {
    const cookie = await shop.signIn(ALICE);
    const page = await windows.open("about:blank", {
      viewport: { width, height: 900 },
      colorScheme,
    });
    const [name = "", value = ""] = cookie.split("=", 2);
    await page.context().addCookies([{ name, value, url: shop.url }]);
    const asked = new Set<string>();
    const complaints: string[] = [];
    page.on("request", (request) => asked.add(new URL(request.url()).origin));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`${shop.url}${path}${hash}`);
    await page.locator("#status", { hasText: "Live" }).waitFor();
    return { page, cookie, asked, complaints };
  }

  it("tells what a matcher reaches while it is typed, and what is wrong with it", async () => {
    const shop = await openDashboardShop();
    await shop.stream("/events", { cookie: await shop.signIn(BOB) });
    await shop.stream("/events", { cookie: await shop.signIn(EVIL) });
    await shop.stream();
    const { page, asked, complaints } = await open(shop);
    await page.locator("#reach", { hasText: "3 connections of 2 users" }).waitFor();
    await page.locator("#matcher").pressSequentially('{"id":');
    await page.locator("#matcher-error", { hasText: "The matcher is no JSON" }).waitFor();
    await page.locator("#send:disabled").waitFor();
    await page.locator("#matcher").pressSequentially("2}");
    await page.locator("#reach", { hasText: "1 connection of 1 user" }).waitFor();
    expect(await page.locator("#reach-users .name").allTextContents()).toEqual(["Bob"]);
    expect(await page.locator("#matcher-error").isHidden()).toBe(true);
    await page.fill("#matcher", '{"id":{"$near":1}}');
    await page.locator("#matcher-error", { hasText: "at id.$near" }).waitFor();
    expect([...asked]).toEqual([shop.url]);
    // A call that was refused is told as one by the browser itself.
    expect(complaints.filter((text) => !text.includes("400"))).toEqual([]);
  });

  it("follows those who come and go while nobody types", async () => {
    const shop = await openDashboardShop();
    const { page } = await open(shop);
    await page.locator("#reach", { hasText: "0 connections of 0 users" }).waitFor();
    const stream = await shop.stream("/events", { cookie: await shop.signIn(BOB) });
    await page.locator("#reach", { hasText: "1 connection of 1 user" }).waitFor();
    stream.close();
    await page.locator("#reach", { hasText: "0 connections of 0 users" }).waitFor();
    expect(await page.locator("#reach-users").textContent()).toContain("No user.");
  });

  it("sends an event after a question, and not without the answer", async () => {
    const shop = await openDashboardShop();
    const bob = await shop.stream("/events", { cookie: await shop.signIn(BOB) });
    const { page } = await open(shop);
    await page.fill("#matcher", '{"profile":"Viewer"}');
    await page.fill("#event", "offer");
    await page.fill("#data", "nine");
    await page.click("#send");
    await page.locator("#confirm", { hasText: "Send to 1 connection of 1 user?" }).waitFor();
    await page.keyboard.press("Escape");
    await page.click("#send");
    await page.click("#confirm-yes");
    await page.locator("#outcome", { hasText: "Done" }).waitFor();
    await shop.hub.broadcast("last", "");
    expect([await bob.next(), await bob.next()]).toMatchObject([
      { event: "offer", data: "nine" },
      { event: "last" },
    ]);
    await page.click("#disconnect");
    await page.click("#confirm-yes");
    expect(await bob.closed).toBe("stop");
  });

  it("shows who is online as text, whatever they are called, and finds them", async () => {
    const shop = await openDashboardShop();
    for (const user of [BOB, EVIL]) {
      await shop.stream("/events", { cookie: await shop.signIn(user) });
    }
    const { page } = await open(shop, { hash: "#online" });
    await page.locator("#online-total", { hasText: "3 users online" }).waitFor();
    await page.fill("#search", "ONERROR");
    await page.locator("#online-total", { hasText: "1 user found" }).waitFor();
    expect(await page.locator("#online-users .name").allTextContents()).toEqual([EVIL.name]);
    expect(await page.locator("#online-users img").count()).toBe(0);
    expect(await page.title()).toBe("Live audience");
  });

  it("turns the pages of 10 000 users", async () => {
    const crowd = Array.from({ length: 10_000 }, (_, id) => ({
      user: { id, name: `User ${id}` },
      connections: 1,
    }));
    const log = logOfNodes(({ kind }) => (kind === "users" ? [crowd] : []));
    const shop = await openDashboardShop({ hub: { log } });
    const { page } = await open(shop, { hash: "#online" });
    await page.locator("#online-page", { hasText: "Page 1 of 200" }).waitFor();
    await page.click("#later");
    await page.locator("#online-page", { hasText: "Page 2 of 200" }).waitFor();
    expect(await page.locator("#online-users li").count()).toBe(50);
  });

  it("shows the flow", async () => {
    const shop = await openDashboardShop();
    await shop.stream();
    const { page } = await open(shop, { hash: "#flow" });
    await shop.hub.broadcast("message", "hello");
    const numberOf = (name: string) =>
      page.locator("#numbers div", { hasText: name }).locator("dd");
    await numberOf("Log entries").filter({ hasText: "1" }).waitFor();
    expect(await numberOf("Connections").textContent()).toBe("2");
    expect(await page.locator("#returns").textContent()).toBe("new1");
  });

  it("lists runs, and cancels one after a question", async () => {
    const shop = await openDashboardShop();
    const { page } = await open(shop, { hash: "#runs" });
    await page.locator("#runs-list", { hasText: "No run." }).waitFor();
    const run = shop.hub.run("answer-7", ({ signal }) => untilAborted(signal), { for: { id: 2 } });
    await page.click('[data-run="answer-7"]');
    await page.click("#confirm-yes");
    expect((await run.done).reason).toBe("cancelled");
    await page.locator("#runs-list li", { hasText: "cancelled" }).waitFor();
  });

  it("keeps nothing to be read when the right is lost", async () => {
    const shop = await openDashboardShop();
    await shop.stream("/events", { cookie: await shop.signIn(BOB) });
    const { page, cookie } = await open(shop, { hash: "#online" });
    await page.locator("#online-users", { hasText: "Bob" }).waitFor();
    await supertest(shop.url).post("/logout").set("Cookie", cookie).expect(204);
    await page.locator("#gone", { hasText: "You may no longer see this page" }).waitFor();
    expect(await page.locator("body").textContent()).not.toContain("Bob");
  });

  it("is used with the keyboard alone", async () => {
    const shop = await openDashboardShop();
    const bob = await shop.stream("/events", { cookie: await shop.signIn(BOB) });
    const { page } = await open(shop);
    await page.focus("#matcher");
    await page.keyboard.type('{"id":2}');
    await page.locator("#reach:not([data-stale])", { hasText: "1 connection of 1 user" }).waitFor();
    for (let n = 0; n < 12 && !(await page.locator("#send:focus").count()); n += 1) {
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await page.locator("#confirm-no:focus").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect((await bob.next()).event).toBe("message");
  });

  it.each(["audience", "online", "flow", "runs"])(
    "has no fault that axe-core finds, and fits in every size: %s",
    async (view) => {
      const shop = await openDashboardShop();
      await shop.stream("/events", { cookie: await shop.signIn(EVIL) });
      for (const colorScheme of ["light", "dark"] as const) {
        for (const width of [390, 1280, 2560]) {
          const { page } = await open(shop, { hash: `#${view}`, width, colorScheme });
          await page.locator(`#${view}`, { hasText: /\d|No run/ }).waitFor();
          expect(await faultsIn(page)).toEqual([]);
          const over =
            "document.documentElement.scrollWidth - document.documentElement.clientWidth";
          expect(await page.evaluate(over)).toBe(0);
        }
      }
    },
    120_000,
  );

  it("works under helmet, without sessions, behind a proxy that rewrites the path", async () => {
    const hub = createHub();
    const app = express();
    app.use(helmet());
    // As a proxy would hand it on.
    app.use((req, _res, next) => {
      req.url = req.url.replace(/^\/tools\/live/, "/internal/admin");
      next();
    });
    app.use(sse({ hub }));
    app.use("/internal/admin", dashboard({ hub, allow: () => true }));
    const { url }: { url: string; server: Server } = await serve(app);
    for (const path of ["/tools/live", "/tools/live/"]) {
      const page = await windows.open(url + path);
      await page.locator("#reach", { hasText: "0 connections of 0 users" }).waitFor();
      expect(new URL(page.url()).pathname).toBe(path);
    }
    await hub.close();
  });

  it("is not moved by a form of another site", async () => {
    const shop = await openDashboardShop();
    const { page } = await open(shop);
    const evil = express();
    evil.get("/", (_req, res) => {
      res.send(`<form method="post" enctype="text/plain" action="${shop.url}/sse-admin/send">
        <input name='{"event":"offer","data":"1","x":"' value='"}'></form>
        <script>document.forms[0].submit()</script>`);
    });
    const { url } = await serve(evil);
    const answered = page.waitForResponse((response) => response.request().method() === "POST");
    await page.goto(url.replace("127.0.0.1", "localhost"));
    expect((await answered).status()).toBeGreaterThanOrEqual(401);
    expect(shop.hub.stats().published).toBe(0);
  });
});
