// Takes the screenshots of the guides, in the light and the dark scheme, with a Chromium of the machine's:
// npm run screenshots [demo|dashboard] [folder]
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright-core";
import { createDemo } from "../app.js";
import { findPrograms } from "../cluster/find-programs.js";
import { drain } from "../drain.js";
import { listen } from "../listen.js";
import { OwnControls } from "../own-controls.js";
import { MadeUpShop } from "../shop/made-up-shop.js";

const SCENES: Readonly<Record<string, Scene>> = {
  demo: { viewport: { width: 1280, height: 560 }, play: playDemo },
  dashboard: { viewport: { width: 1280, height: 690 }, play: playDashboard },
};
// Guides show them at about half of this width. WebP takes a third of the bytes of a PNG.
const SCALE = 1.5;
const FORMAT = { format: "webp", quality: 80 } as const;
const STEP_MS = 30_000;

interface Scene {
  readonly viewport: { readonly width: number; readonly height: number };
  /** Brings the page to where it is shown. */
  readonly play: (page: Page, url: string) => Promise<void>;
}

const [name = "demo", folder = fileURLToPath(new URL(".", import.meta.url))] =
  process.argv.slice(2);
const scene = SCENES[name];
if (scene === undefined) {
  throw new Error(`There is no scene ${name}. Try ${Object.keys(SCENES).join(" or ")}.`);
}
await take(scene);

async function take({ viewport, play }: Scene): Promise<void> {
  const browser = await chromium.launch({
    executablePath: findPrograms("chromium").chromium,
    args: ["--no-sandbox", "--disable-gpu"],
  });
  for (const colorScheme of ["light", "dark"] as const) {
    const { url, stop } = await serve();
    const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor: SCALE });
    context.setDefaultTimeout(STEP_MS);
    const page = await context.newPage();
    await play(page, url);
    const path = join(folder, `${name}-${colorScheme}.webp`);
    const devTools = await context.newCDPSession(page);
    const { data } = await devTools.send("Page.captureScreenshot", {
      ...FORMAT,
      clip: { x: 0, y: 0, ...viewport, scale: SCALE },
    });
    await writeFile(path, Buffer.from(data, "base64"));
    process.stdout.write(`${path}\n`);
    await context.close();
    await stop();
  }
  await browser.close();
}

/** Serves the demo on a free port. */
async function serve(): Promise<{ url: string; stop: () => Promise<void> }> {
  let url = "";
  const shop = new MadeUpShop(() => url);
  const { app, hub } = createDemo(undefined, new OwnControls(shop));
  const server = createServer(app);
  url = `http://127.0.0.1:${await listen(server, 0)}`;
  const stop = async () => {
    await shop.close();
    await drain(hub, server);
  };
  return { url, stop };
}

/** An event for administrators, first with alice alone, then with bob. */
async function playDemo(page: Page, url: string): Promise<void> {
  await page.goto(url);
  for (const pane of ["#alice", "#bob", "#visitor"]) {
    await page.locator(`${pane} .timeLine li:text-is("live")`).waitFor();
    await page.locator(`${pane} summary`).click();
  }
  await send(page, "Order 7 is paid", 1);
  await page.click("#bob [data-name=btnProfile]");
  await page.locator('#bob .timeLine li:text-is("live")').waitFor();
  await page.locator("#bob.lit").waitFor();
  await send(page, "Order 8 is paid", 2);
  await page.evaluate(
    "document.activeElement.blur(); document.querySelector('footer').hidden = true",
  );
}

async function send(page: Page, text: string, reached: number): Promise<void> {
  await page.fill("#helloText", text);
  await page.click("#btnHello");
  await page.locator(`#helloAnswer:text-is("Sent: reached ${reached} of 3.")`).waitFor();
  await page.locator("#alice .events li:first-child", { hasText: text }).waitFor();
  await page.locator("#alice .events li:first-child .audience:not(:empty)").waitFor();
}

/** The dashboard, while three of the shop and three panes are there. */
async function playDashboard(page: Page, url: string): Promise<void> {
  await playDemo(page, url);
  const dashboard = new URL("alice/sse-admin", url).href;
  // The panes stay in a page of their own.
  const panes = await page.context().newPage();
  await panes.goto(url);
  await page.goto(dashboard);
  for (const login of ["alice", "bob", "carol", "dave", "erin"]) {
    await page.locator("body", { hasText: login }).waitFor();
  }
  await page.getByLabel("Matcher, as JSON").fill('{ "profile": "Administrator" }');
  await page.locator("body", { hasText: "of 2 users" }).waitFor();
}
