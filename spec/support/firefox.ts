import { existsSync } from "node:fs";
import { join } from "node:path";
import { describeWith, describeWithInstalled } from "./describe-with.js";
import { onTestEnd } from "./disposers.js";

const FIREFOX = "/usr/bin/firefox-esr";
const MODULES = join(__dirname, "../frontends/node_modules");
const PUPPETEER = join(MODULES, "puppeteer-core/lib/cjs/puppeteer/puppeteer-core.js");
const COMMAND = "npm --prefix spec/frontends install --no-save";
const START_MS = 60_000;

/** What the specs use of a page, in any browser. */
export interface BrowserPage {
  evaluate(script: string): Promise<unknown>;
  goto(url: string): Promise<unknown>;
  close(): Promise<unknown>;
}

interface Context {
  newPage(): Promise<BrowserPage>;
  close(): Promise<void>;
}

interface Firefox {
  createBrowserContext(): Promise<Context>;
  close(): Promise<void>;
}

interface Puppeteer {
  launch(options: object): Promise<Firefox>;
}

/** A real Firefox with a fresh profile, shared by the specs of one block. */
export interface FirefoxTabs {
  /** Opens a page for each URL, until the end of the test. They have the same cookies, and no others. */
  open<const U extends readonly string[]>(...urls: U): Promise<{ [I in keyof U]: BrowserPage }>;
}

/** Specs that need a real Firefox, and what drives it. */
export function describeInFirefox(name: string, specs: (tabs: FirefoxTabs) => void): void {
  const missing = existsSync(PUPPETEER) ? [] : ["puppeteer-core"];
  describeWithInstalled({ missing, command: COMMAND }, name, () => {
    describeWith([FIREFOX], "in Firefox", () => {
      let firefox: Firefox | undefined;

      beforeAll(async () => {
        const puppeteer = (await import(PUPPETEER)) as Puppeteer;
        const options = { browser: "firefox", executablePath: FIREFOX, headless: true };
        firefox = await puppeteer.launch(options);
      }, START_MS);

      afterAll(() => firefox?.close(), START_MS);

      specs({
        open: async (...urls) => {
          if (firefox === undefined) throw new Error("A page can be opened in a test only.");
          const context = await firefox.createBrowserContext();
          onTestEnd(() => context.close());
          const pages: BrowserPage[] = [];
          for (const url of urls) {
            const page = await context.newPage();
            await page.goto(url);
            pages.push(page);
          }
          return pages as { [I in keyof typeof urls]: BrowserPage };
        },
      });
    });
  });
}
