import type { Page } from "playwright-core";
import { createDemo } from "../../demo/app.js";
import { onTestEnd } from "../support/disposers.js";
import { serve } from "../support/serve.js";

/** Serves the demo on a free port until the end of the test. */
export async function serveDemo() {
  const { app, hub } = createDemo();
  const { url } = await serve(app);
  onTestEnd(() => hub.close());
  return { url, hub };
}

/** The demo's page in one window, as somebody in front of it uses and reads it. */
export class DemoPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async connect(): Promise<void> {
    await this.page.click("#btnConnect");
    await this.shows("connected");
  }

  async signInAs(login: "alice" | "bob"): Promise<void> {
    await this.page.click(`[data-login=${login}]`);
    await this.page.locator(`[data-login=${login}][aria-pressed=true]`).waitFor();
  }

  async signOut(): Promise<void> {
    await this.page.click("#btnSignOut");
    await this.page.locator("#btnSignOut:disabled").waitFor();
  }

  async chooseStream(path: string): Promise<void> {
    await this.page.check(`[name=stream][value="${path}"]`);
  }

  /** Resolves when the status reads exactly so. */
  async shows(status: string): Promise<void> {
    await this.page.locator(`#status:text-is(${JSON.stringify(status)})`).waitFor();
  }

  /** Resolves with the data of all events, oldest first, when the newest is this. */
  async readUntil(data: string): Promise<string[]> {
    await this.page
      .locator(`#events li:first-child span:text-is(${JSON.stringify(data)})`)
      .waitFor();
    const newestFirst = await this.page.locator("#events li span").allTextContents();
    return newestFirst.reverse();
  }
}
