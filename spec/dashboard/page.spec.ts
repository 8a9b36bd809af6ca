import { once } from "node:events";
import type { Server } from "node:http";
import { createHub, sse } from "express-sse-hub";
import { dashboard } from "express-sse-hub/dashboard";
import express from "express";
import helmet from "helmet";
import type { Route } from "playwright-core";
import supertest from "supertest";
import { userKeyOf } from "../../lib/user/user.js";
import { faultsIn } from "../support/axe.js";
import { describeInBrowser } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { untilTrueIn } from "../support/eventually.js";
import { serve } from "../support/serve.js";
import { until } from "../support/until.js";
import type { Shop } from "../support/shop.js";
import { complaintsOf, openPage, type View } from "./dashboard-page.js";
import { BOB, openDashboardShop } from "./dashboard-shop.js";
import { logOfNodes } from "./log-of-nodes.js";

const EVIL = { id: 3, name: '<img src=x onerror="document.title=1">', profile: "Viewer" };

async function untilAborted(signal: AbortSignal): Promise<void> {
  await once(signal, "abort");
}

describeInBrowser("the dashboard's page", (windows) => {
  const open = (shop: Shop, view?: View) => openPage(windows, shop, view);

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
    const crowd = Array.from({ length: 9_999 }, (_, id) => ({
      user: { id: 100 + id, name: `User ${id}` },
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

  it("shows the flow in charts with their numbers beside them, and breaks no policy", async () => {
    const shop = await openDashboardShop();
    await shop.stream();
    const { page, complaints } = await open(shop, { hash: "#flow" });
    await shop.hub.broadcast("message", "hello");
    const chart = (title: string) => page.locator("figure", { hasText: title });
    await chart("Log entries").locator("strong", { hasText: "1" }).waitFor();
    const broadcasting = setInterval(() => void shop.hub.broadcast("message", "hello"), 100);
    onTestEnd(() => {
      clearInterval(broadcasting);
    });
    await chart("Pass time").locator("strong", { hasText: " ms" }).waitFor();
    await chart("Publish to write").locator("strong", { hasText: " ms" }).waitFor();
    expect(await chart("Connections").locator("strong").textContent()).toBe("2");
    expect(await page.locator("#returns").textContent()).toBe("new1");
    expect(await page.locator("#nodes tr").count()).toBe(1);
    expect(await page.locator("figure canvas").count()).toBe(8);
    const label = await chart("Connections").getByRole("img").getAttribute("aria-label");
    expect(label).toMatch(/^Connections, the last five minutes: \d now, \d to \d$/);
    // Something is drawn, in the width there is.
    const plotted = async () =>
      page.evaluate<{ ink: number; width: number }>(`(() => {
        const canvas = document.querySelector("figure canvas");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return { ink: data.filter((part) => part > 0).length, width: canvas.clientWidth };
      })()`);
    const wide = await plotted();
    expect(wide.ink).toBeGreaterThan(1_000);
    await page.setViewportSize({ width: 390, height: 844 });
    await untilTrueIn(
      page,
      `document.querySelector("figure canvas").clientWidth !== ${wide.width}`,
    );
    await page.emulateMedia({ colorScheme: "dark" });
    await page.selectOption("#flow-node", "each");
    await page.locator("#legend li", { hasText: `:${process.pid}` }).waitFor();
    expect(await page.locator("figure canvas").count()).toBe(8);
    expect(complaints).toEqual([]);
  });

  it("shows the log as it moves, with who sent what from here, and holds it", async () => {
    const shop = await openDashboardShop({ shows: { payloads: true } });
    const { page } = await open(shop, { hash: "#log" });
    await page.locator("#log-entries", { hasText: "The log is empty." }).waitFor();
    await shop.hub.to("news").broadcast("headline", EVIL.name);
    await page.locator("#log-entries", { hasText: "headline" }).waitFor();
    expect(await page.locator("#log-entries").textContent()).not.toContain("The log is empty.");
    await page.click('nav a[href="#audience"]');
    await page.fill("#event", "offer");
    await page.locator("#send:enabled").waitFor();
    await page.click("#send");
    await page.click("#confirm-yes");
    await page.locator("#outcome", { hasText: "Done" }).waitFor();
    await page.click('nav a[href="#log"]');
    const newest = page.locator("#log-entries li").first();
    await newest.filter({ hasText: "from a dashboard by Alice" }).waitFor();
    expect(await newest.locator(".name").textContent()).toBe("offer");
    const older = page.locator("#log-entries li").nth(1);
    expect(await older.textContent()).toContain(`to rooms news${EVIL.name}`);
    expect(await page.locator("#log-entries img").count()).toBe(0);
    await page.focus("#log-pause");
    await page.keyboard.press("Enter");
    await shop.hub.broadcast("later", "");
    await page.locator("#log-pause", { hasText: "Go on" }).waitFor();
    await page.locator("#status", { hasText: "Live" }).waitFor();
    expect(await page.locator("#log-entries").textContent()).not.toContain("later");
    await page.keyboard.press("Enter");
    await newest.filter({ hasText: "later" }).waitFor();
  });

  it("does not show in a list that is held what had been asked for before", async () => {
    const shop = await openDashboardShop();
    const { page } = await open(shop, { hash: "#log" });
    await page.locator("#log-entries", { hasText: "The log is empty." }).waitFor();
    const asked: Route[] = [];
    await page.route("**/log?after=*", (route) => {
      asked.push(route);
    });
    await until(() => asked.length > 0, "the page asks for the log");
    await page.click("#log-pause");
    await shop.hub.broadcast("later", "");
    const answered = page.waitForResponse("**/log?after=*");
    for (const route of asked.splice(0)) await route.continue();
    expect(await (await answered).text()).toContain("later");
    await untilTrueIn(page, "new Promise((done) => setTimeout(done, 100, true))");

    expect(await page.locator("#log-entries").textContent()).toContain("The log is empty.");
  });

  it("shows one user with its connections, and the events as they are delivered", async () => {
    const shop = await openDashboardShop();
    await shop.stream("/rooms/news", { cookie: await shop.signIn(BOB) });
    await shop.stream("/events", { cookie: await shop.signIn(EVIL) });
    const { page } = await open(shop, { hash: "#online" });
    await page.locator("#online-users", { hasText: "new · in news" }).waitFor();
    await page.selectOption("#sort", "name");
    await page.locator("#online-users li a").first().filter({ hasText: EVIL.name }).waitFor();
    await page.locator("#online-users a", { hasText: "Bob" }).focus();
    await page.keyboard.press("Enter");
    await page.locator("#user-title", { hasText: "Bob" }).waitFor();
    expect(await page.locator("#user-connections tr td").allTextContents()).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d$/),
      "news",
      "new",
      "no",
    ]);
    await page.locator("#user-entries", { hasText: "Nothing yet." }).waitFor();
    await shop.hub.to("news").broadcast("headline", "a secret");
    await shop.hub.broadcast("other", "", { id: 3 });
    await shop.hub.broadcast(EVIL.name, "", { id: 2 });
    await page.locator("#user-entries li", { hasText: "headline" }).waitFor();
    const names = page.locator("#user-entries .name");
    await names.filter({ hasText: EVIL.name }).waitFor();
    expect(await names.allTextContents()).toEqual([EVIL.name, "headline"]);
    expect(await page.content()).not.toContain("a secret");
    // A link to it works, too.
    await page.reload();
    await page.locator("#user-title", { hasText: "Bob" }).waitFor();
    await page.goto(`${page.url().split("#", 1).join()}#user=nobody`);
    await page.locator("#user-title", { hasText: "Not connected" }).waitFor();
    await page.locator("#user-connections", { hasText: "No connection" }).waitFor();
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

  it.each(["online", "user", "log", "flow"])(
    "keeps nothing to be read when the right is lost: %s",
    async (view) => {
      const shop = await openDashboardShop({ shows: { payloads: true } });
      await shop.stream("/events", { cookie: await shop.signIn(BOB) });
      await shop.hub.broadcast("Bob", "Bob");
      const hash = view === "user" ? `#user=${userKeyOf(BOB)}` : `#${view}`;
      const { page, cookie } = await open(shop, { hash });
      await page
        .locator(`#${view}`, { hasText: view === "flow" ? "Connections" : "Bob" })
        .waitFor();
      await supertest(shop.url).post("/logout").set("Cookie", cookie).expect(204);
      await page.locator("#gone", { hasText: "You may no longer see this page" }).waitFor();
      expect(await page.locator("body").innerText()).not.toMatch(/Bob|Connections/);
    },
  );

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

  it("is walked through with the keyboard alone", async () => {
    const shop = await openDashboardShop();
    const { page } = await open(shop);
    const tabTo = async (selector: string) => {
      for (let n = 0; n < 20 && !(await page.locator(`${selector}:focus`).count()); n += 1) {
        await page.keyboard.press("Tab");
      }
    };
    await tabTo('nav a[href="#flow"]');
    await page.keyboard.press("Enter");
    await page.locator("figure canvas").first().waitFor();
    await tabTo("#flow-node");
    await page.keyboard.press("ArrowDown");
    await page.locator("#legend li").waitFor();
    expect(await page.locator("#flow-node").inputValue()).toBe("each");
    // A table that is wider than the window is moved with the arrows.
    await page.setViewportSize({ width: 390, height: 844 });
    await tabTo('[aria-label="Nodes"]');
    await page.keyboard.press("ArrowRight");
    await untilTrueIn(page, `document.querySelector('[aria-label="Nodes"]').scrollLeft > 0`);
  });

  it.each(["audience", "online", "user", "flow", "log", "runs"])(
    "has no fault that axe-core finds, and fits in every size: %s",
    async (view) => {
      const shop = await openDashboardShop({ shows: { payloads: true, addresses: true } });
      await shop.stream("/events", { cookie: await shop.signIn(EVIL) });
      await shop.hub.broadcast("offer", "9".repeat(300));
      const hash = view === "user" ? `#user=${userKeyOf(EVIL)}` : `#${view}`;
      for (const colorScheme of ["light", "dark"] as const) {
        for (const width of [390, 1280, 2560]) {
          const { page } = await open(shop, { hash, width, colorScheme });
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
      const complaints = complaintsOf(page);
      await page.locator("#reach", { hasText: "0 connections of 0 users" }).waitFor();
      await page.click('nav a[href="#flow"]');
      await page.locator("figure canvas").last().waitFor();
      await page.click('nav a[href="#log"]');
      await page.locator("#log-entries", { hasText: "The log is empty." }).waitFor();
      expect(complaints).toEqual([]);
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
    const answered = page.waitForResponse((response) => {
      // The page's own calls are POST requests, too.
      const request = response.request();
      return request.method() === "POST" && request.isNavigationRequest();
    });
    await page.goto(url.replace("127.0.0.1", "localhost"));
    expect((await answered).status()).toBeGreaterThanOrEqual(401);
    expect(shop.hub.stats().published).toBe(0);
  });
});
