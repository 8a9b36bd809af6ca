import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from "playwright-core";
import { describeWith } from "./describe-with.js";
import { onTestEnd } from "./disposers.js";

const CHROMIUM = "/usr/bin/chromium";
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
// A cold start on a busy machine with two cores.
const START_MS = 60_000;
// Below jest's own limit, so that a failure says what was waited for.
const STEP_MS = 30_000;

/** A real Chromium with a fresh profile, shared by the specs of one block. */
export interface Windows {
  /** Opens a window of its own, without the cookies of any other, until the end of the test. */
  open(url: string, options?: BrowserContextOptions): Promise<Page>;
  /** Opens a window beside another one, with the same cookies. */
  openBeside(window: Page, url: string): Promise<Page>;
}

/**
 * A {@link describeWith} whose specs need a real browser.
 *
 * @param withoutArgs arguments that Playwright would give it
 */
export function describeInBrowser(
  name: string,
  specs: (windows: Windows) => void,
  withoutArgs: readonly string[] = [],
): void {
  describeWith([CHROMIUM], name, () => {
    let browser: Browser | undefined;

    beforeAll(async () => {
      browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: ARGS,
        ignoreDefaultArgs: [...withoutArgs],
      });
    }, START_MS);

    afterAll(() => browser?.close(), START_MS);

    specs({
      open: async (url, options) => {
        if (browser === undefined) throw new Error("A window can be opened in a test only.");
        const context = await browser.newContext(options);
        context.setDefaultTimeout(STEP_MS);
        onTestEnd(() => context.close());
        return openIn(context, url);
      },
      openBeside: (window, url) => openIn(window.context(), url),
    });
  });
}

async function openIn(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  return page;
}
