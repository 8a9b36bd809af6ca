import type { Page } from "playwright-core";
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
      "loses and doubles nothing for a page whose node is killed, and leaves no process behind",
      async () => {
        const { demo, url } = await start();
        const window = new DemoPage(await windows.open(url));
        await window.isConnected();
        await counted(window.page, 10);

        const killed = await window.page.innerText("#node");
        demo.type(killed.replace("node ", ""));
        await window.page.locator(`#node:not(:text-is("${killed}"))`).waitFor();
        await counted(window.page, (await countOf(window.page)) + 20);

        expect(await readingOf(window.page)).toEqual({
          nodesBefore: killed,
          missing: "0",
          doubled: "0",
          verdict: "All there, each once.",
        });
        await demo.says(`${killed} is back`);
        const pids = new Set(pidsIn(demo.output));
        expect(pids.size).toBe(6);
        demo.type("\u0003");
        expect(await demo.exit).toEqual({ code: 0, signal: null });
        expect([...pids].filter(isRunning)).toEqual([]);
        expect(demo.errors).toBe("");
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

async function countOf(page: Page): Promise<number> {
  return Number((await page.innerText("#counted")).replace(/\D/g, ""));
}

/** Resolves when the page has counted so far. */
async function counted(page: Page, count: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  while ((await countOf(page)) < count) {
    if (Date.now() > deadline) throw new Error(`The page has not counted to ${count}.`);
  }
}

async function readingOf(page: Page): Promise<Record<string, string>> {
  const ids = ["nodesBefore", "missing", "doubled", "verdict"];
  return Object.fromEntries(
    await Promise.all(ids.map(async (id) => [id, await page.innerText(`#${id}`)] as const)),
  );
}
