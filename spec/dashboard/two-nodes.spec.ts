import { once } from "node:events";
import { dashboard } from "express-sse-hub/dashboard";
import { Cluster } from "../cluster/cluster.js";
import { describeInBrowser } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { RedisServer } from "../support/redis.js";
import { describeWith } from "../support/describe-with.js";
import type { Shop } from "../support/shop.js";
import { openPage } from "./dashboard-page.js";
import { ADMINISTRATORS, BOB } from "./dashboard-shop.js";

/** Two nodes on one Redis: that of the page, and another one. */
async function openTwo(): Promise<[Shop, Shop]> {
  const redis = await RedisServer.start();
  const cluster = new Cluster({
    url: redis.url,
    shop: {
      routes: (app, hub) => app.use("/sse-admin", dashboard({ hub, allow: ADMINISTRATORS })),
    },
  });
  return [await cluster.start(), await cluster.start()];
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  await once(signal, "abort");
}

describeWith(["/usr/bin/redis-server"], "with a Redis", () => {
  describeInBrowser("the dashboard's page shows of the other node", (windows) => {
    it("who logs in and out there", async () => {
      const [here, there] = await openTwo();
      const { page } = await openPage(windows, here, { hash: "#online" });
      await page.locator("#online-total", { hasText: "1 user online" }).waitFor();
      const cookie = await there.signIn(BOB);
      await there.stream("/rooms/news", { cookie });
      await page.locator("#online-users", { hasText: "in news" }).waitFor();
      await fetch(`${there.url}/logout`, { method: "POST", headers: { cookie } });
      await page.locator("#online-total", { hasText: "1 user online" }).waitFor();
      expect(await page.locator("#online-users .name").allTextContents()).toEqual(["Alice"]);
    });

    it("its flow, for itself and together with the other's, until it is gone", async () => {
      const [here, there] = await openTwo();
      await there.stream();
      const { page, complaints } = await openPage(windows, here, { hash: "#flow" });
      const timer = setInterval(() => void there.hub.broadcast("offer", 9), 50);
      onTestEnd(() => {
        clearInterval(timer);
      });
      const number = (title: string) =>
        page.locator("figure", { hasText: title }).locator("strong");
      await number("Connections").filter({ hasText: /^2$/ }).waitFor();
      await number("Deliveries a second")
        .filter({ hasText: /^[1-9]/ })
        .waitFor();
      const nodes = page.locator("#nodes tr");
      expect(await nodes.count()).toBe(2);
      // The dashboard's own stream is given no broadcast, so all of it is the other's.
      const [own, other] = await Promise.all(
        [0, 1].map(async (at) => nodes.nth(at).locator("td").allTextContents()),
      );
      expect([own?.[3], own?.[0], other?.[0]]).toEqual(["0", "1", "1"]);
      await page.selectOption("#flow-node", { index: 3 });
      await number("Connections").filter({ hasText: /^1$/ }).waitFor();
      await number("Pass time").filter({ hasText: " ms" }).waitFor();
      await page.selectOption("#flow-node", "each");
      expect(await page.locator("#legend li").count()).toBe(2);
      clearInterval(timer);
      await there.hub.close();
      await page.locator("#nodes tr").nth(1).waitFor({ state: "detached" });
      await page.locator("#legend li").nth(1).waitFor({ state: "detached" });
      expect(complaints).toEqual([]);
    });

    it("what is sent from the dashboard there, and by whom", async () => {
      const [here, there] = await openTwo();
      const [one, other] = [
        await openPage(windows, here, { hash: "#log" }),
        await openPage(windows, there),
      ];
      await other.page.locator("#send:enabled").waitFor();
      await other.page.fill("#event", "offer");
      await other.page.click("#send");
      await other.page.click("#confirm-yes");
      const entry = one.page.locator("#log-entries li", { hasText: "offer" });
      await entry.filter({ hasText: "from a dashboard by Alice" }).waitFor();
      expect(await entry.count()).toBe(1);
    });

    it("a run, and ends it", async () => {
      const [here, there] = await openTwo();
      const { page } = await openPage(windows, here, { hash: "#runs" });
      const run = there.hub.run("answer-7", ({ signal }) => untilAborted(signal), {
        for: "everybody",
      });
      await page.click('[data-run="answer-7"]');
      await page.click("#confirm-yes");
      expect((await run.done).reason).toBe("cancelled");
      await page.locator("#runs-list li", { hasText: "cancelled" }).waitFor();
    });
  });
});
