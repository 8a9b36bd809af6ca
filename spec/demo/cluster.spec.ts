import type { Page } from "playwright-core";
import { faultsIn } from "../support/axe.js";
import { describeInBrowser } from "../support/browser.js";
import { describeWith } from "../support/describe-with.js";
import { onTestEnd } from "../support/disposers.js";
import { openStream } from "../support/open-stream.js";
import { describeWithPostgres } from "../support/postgres.js";
import { until } from "../support/shop.js";
import { DemoPage } from "./demo-page.js";
import { DemoProcess } from "./demo-process.js";

const NEEDED = ["/usr/bin/redis-server", "/usr/sbin/nginx"];
// Three nodes start, and one again, on a machine with two cores.
const TIMEOUT_MS = 120_000;

/** Starts the console of three nodes. What it started is stopped with the test. */
async function start(command: "cluster" | "postgres" = "cluster") {
  const started = await DemoProcess.start(command);
  onTestEnd(async () => {
    started.demo.signal("SIGTERM");
    await started.demo.exit;
  });
  return started;
}

/** The processes that the console said it started. */
function pidsIn(output: string): number[] {
  return [...output.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describeWith(NEEDED, "npm run demo:cluster", () => {
  describeInBrowser("in a browser", (windows) => {
    it(
      "loses and doubles nothing for the panes of a node that is killed, and leaves no process behind",
      async () => {
        const { demo, url } = await start();
        await killFromPage(demo, new DemoPage(await windows.open(url)));

        const pids = new Set(pidsIn(demo.output));
        expect(pids.size).toBe(6);
        demo.type("\u0003");
        expect(await demo.exit).toEqual({ code: 0, signal: null });
        expect([...pids].filter(isRunning)).toEqual([]);
        expect(demo.errors).toBe("");
      },
      TIMEOUT_MS,
    );

    it(
      "fits a phone and a small laptop, gives bob what he missed, and lets administrators kill only",
      async () => {
        const { url } = await start();
        const demo = new DemoPage(await windows.open(url));
        const { page } = demo;
        await nodesHold(page, "alice", "bob", "a visitor");
        await page.setViewportSize({ width: 390, height: 844 });
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
        await page.setViewportSize({ width: 1280, height: 800 });
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(1280);
        expect(await page.evaluate("document.documentElement.scrollHeight")).toBe(800);
        expect(await faultsIn(page)).toEqual([]);

        // A number is an event, and moves the cursor of who receives it.
        await page.uncheck("#counting");
        await demo.isConnected();
        await demo.compose("hello", "administrators");
        await demo.send();
        await demo.answers("Sent: reached 1 of 3.");
        await demo.bob.find("btnProfile").click();
        await demo.bob.tells("hub:end user", "return", "replayed 1", "live");
        expect(await demo.bob.read()).toEqual(["hello"]);

        const kill = (path: string) =>
          page.request.post(new URL(`${path}api/kill`, url).href, { data: { node: "node 1" } });
        expect((await kill("")).status()).toBe(401);
        await demo.bob.find("btnProfile").click();
        await demo.bob.tells("hub:end user", "return", "replayed 0", "live");
        expect((await kill("bob/")).status()).toBe(403);
        await demo.alice.signOut();
        await page.locator("#nodes button:enabled").first().click();
        await page.locator("#clusterTold", { hasText: "sign in as alice" }).waitFor();
        expect(await page.locator("#nodes [data-state=up]").count()).toBe(3);
      },
      TIMEOUT_MS,
    );
  });

  it(
    "says hello from any node, starts a killed one again, and ends by one signal while it starts",
    async () => {
      const { demo } = await start();
      demo.type("sa");
      await demo.says("sent hello to all:");
      await demo.says("sent hello to administrators:");
      demo.type("k");
      await demo.says("is back, as process");
      demo.type("k");
      await until(() => demo.output.split("It is started again.").length === 3, "a second end");
      demo.signal("SIGTERM");

      expect(await demo.exit).toEqual({ code: 0, signal: null });
      expect(pidsIn(demo.output).filter(isRunning)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describeWithPostgres("npm run demo:cluster -- --postgres", () => {
  describeInBrowser("in a browser", (windows) => {
    it(
      "loses and doubles nothing for the panes of a node that is killed",
      async () => {
        const { demo, url } = await start("postgres");
        await killFromPage(demo, new DemoPage(await windows.open(url)));
        expect(demo.errors).toBe("");
      },
      TIMEOUT_MS,
    );
  });

  it(
    "serves what one of three nodes sends from any of them, and ends with all it has started",
    async () => {
      const { demo, url } = await start("postgres");
      const reader = await openStream(url, "/api/test/sse");
      await reader.opened();
      demo.type("s");
      await demo.says("sent hello to all:");
      // The page's counter is heard as well.
      while ((await reader.next()).data !== "hello");
      reader.close();
      demo.type("k");
      await demo.says("is back, as process");
      demo.signal("SIGTERM");

      expect(await demo.exit).toEqual({ code: 0, signal: null });
      expect(pidsIn(demo.output).filter(isRunning)).toEqual([]);
      expect(demo.errors).toBe("");
    },
    TIMEOUT_MS,
  );
});

describe("npm run demo:cluster, where something is missing", () => {
  it("says what to install", async () => {
    const demo = new DemoProcess("0", "cluster", { PATH: "/nowhere" });

    expect(await demo.exit).toEqual({ code: 1, signal: null });
    expect(demo.errors).toMatch(
      /^Not found here: redis-server.*\. On Debian: apt-get install redis-server.*\n$/,
    );
  });
});

/** Kills the node of alice's pane with its button, and looks at what the panes counted from before until it is back. */
async function killFromPage(demo: DemoProcess, { page, alice, bob, visitor }: DemoPage) {
  await nodesHold(page, "alice", "bob", "a visitor");
  await counted(page, 10);
  const part = page.locator("#nodes > li").filter({ hasText: "alice" });
  const name = String(await part.getAttribute("data-node"));
  const node = page.locator(`[data-node="${name}"]`);
  const pid = Number(new RegExp(`${name} .*process (\\d+)`).exec(demo.output)?.[1]);

  await node.getByRole("button").click();
  await page.locator("#clusterTold", { hasText: /alice → node/ }).waitFor();

  expect(isRunning(pid)).toBe(false);
  expect(await node.locator("ul li").count()).toBe(0);
  await nodesHold(page, "alice", "bob", "a visitor");
  await node.locator('.status:text-is("up")').waitFor({ timeout: 30_000 });
  await counted(page, (await countOf(page)) + 20);
  expect(await page.innerText("#verdict")).toBe("0 missing, 0 twice");
  for (const pane of [alice, bob, visitor]) {
    expect(await pane.find("count").locator("span").innerText()).toBe("0 missing");
  }
  await demo.says(`${name} is back`);
}

/** Resolves when the nodes together hold these panes, in any order. */
async function nodesHold(page: Page, ...panes: string[]): Promise<void> {
  for (const pane of panes) await page.locator(`#nodes ul li:text-is("${pane}")`).waitFor();
  expect(await page.locator("#nodes ul li").count()).toBe(panes.length);
}

/** The number that all panes have reached. */
async function countOf(page: Page): Promise<number> {
  const numbers = await page.locator(".pane .count b").allInnerTexts();
  return Math.min(...numbers.map((text) => Number(text.replace(/\D/g, ""))));
}

/** Resolves when each pane has counted so far. */
async function counted(page: Page, count: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  while ((await countOf(page)) < count) {
    if (Date.now() > deadline) throw new Error(`The page has not counted to ${count}.`);
  }
}
