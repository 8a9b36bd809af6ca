import { setTimeout as wait } from "node:timers/promises";
import type { Locator, Page } from "playwright-core";
import { createDemo } from "../../demo/app.js";
import { OwnControls } from "../../demo/own-controls.js";
import { MadeUpShop, type HabitsByLogin } from "../../demo/shop/made-up-shop.js";
import { onTestEnd } from "../support/disposers.js";
import { serve } from "../support/serve.js";

const PATIENCE_MS = 30_000;

/** Serves the demo on a free port until the end of the test. */
export async function serveDemo() {
  const { app, hub } = createDemo();
  const { url } = await serve(app);
  onTestEnd(() => hub.close());
  return { url, hub };
}

/** Serves the demo with its made-up shop, which opens with the first page. */
export async function serveDemoWithShop(habits?: HabitsByLogin) {
  const shop = new MadeUpShop(() => url, habits);
  const { app, hub } = createDemo(undefined, new OwnControls(shop));
  const { url } = await serve(app);
  onTestEnd(async () => {
    await shop.close();
    await hub.close();
  });
  return { url, hub, shop };
}

/** One pane of the demo's page, as somebody in front of it uses and reads it. */
export class DemoPane {
  readonly part: Locator;

  constructor(part: Locator) {
    this.part = part;
  }

  /** An element by its name. */
  find(name: string): Locator {
    return this.part.locator(`[data-name=${name}]`);
  }

  async signInAs(login: "alice" | "bob"): Promise<void> {
    await this.part.locator(`[data-login=${login}]`).click();
    await this.part.locator(`[data-login=${login}][aria-pressed=true]`).waitFor();
  }

  async signOut(): Promise<void> {
    await this.find("btnSignOut").click();
    await this.part.locator("[data-name=btnSignOut]:disabled").waitFor();
  }

  async chooseStream(path: string): Promise<void> {
    await this.find("stream").selectOption(path);
  }

  /** Resolves when the status reads exactly so. */
  async shows(status: string): Promise<void> {
    await this.part.locator(`[data-name=status]:text-is(${JSON.stringify(status)})`).waitFor();
  }

  /** Resolves when the line of time reads so. */
  async tells(...steps: string[]): Promise<void> {
    const line = this.find("timeLine").locator("li");
    const deadline = Date.now() + PATIENCE_MS;
    let read = await line.allTextContents();
    while (read.join() !== steps.join() && Date.now() < deadline) {
      await wait(50);
      read = await line.allTextContents();
    }
    expect(read).toEqual(steps);
  }

  /** Resolves with the data of all events, oldest first, when the newest is this. */
  async readUntil(data: string): Promise<string[]> {
    await this.part
      .locator(`[data-name=events] li:first-child > span:text-is(${JSON.stringify(data)})`)
      .waitFor();
    return this.read();
  }

  /** The data of all events so far, oldest first. */
  async read(): Promise<string[]> {
    const newestFirst = await this.find("events").locator("li > span").allTextContents();
    return newestFirst.reverse();
  }
}

/** The demo's page in one window: its panes, of which the visitor's has the names of the sample as ids. */
export class DemoPage {
  readonly page: Page;
  readonly alice: DemoPane;
  readonly bob: DemoPane;
  readonly visitor: DemoPane;

  constructor(page: Page) {
    this.page = page;
    this.alice = new DemoPane(page.locator("#alice"));
    this.bob = new DemoPane(page.locator("#bob"));
    this.visitor = new DemoPane(page.locator("#visitor"));
  }

  /** Resolves when all three panes are connected. */
  async isConnected(): Promise<void> {
    for (const pane of [this.alice, this.bob, this.visitor]) await pane.tells("connected", "live");
  }

  async compose(text: string, to: "all" | "administrators" | "matcher"): Promise<void> {
    await this.page.fill("#helloText", text);
    await this.page.selectOption("#helloTo", to);
  }

  async send(): Promise<void> {
    await this.page.click("#btnHello");
  }

  /** Resolves when the composer has answered so. */
  async answers(text: string): Promise<void> {
    await this.page.locator("#helloAnswer", { hasText: text }).waitFor();
  }

  /** Resolves when the composer lights exactly these panes. */
  async lights(...ids: string[]): Promise<void> {
    const all = ["alice", "bob", "visitor"];
    for (const id of all) {
      const lit = ids.includes(id) ? `#${id}.lit` : `#${id}:not(.lit)`;
      await this.page.locator(lit).waitFor();
    }
  }
}
