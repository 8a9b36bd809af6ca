import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { describeInBrowser, type Windows } from "../support/browser.js";
import { onTestEnd } from "../support/disposers.js";
import { Shop, until } from "../support/shop.js";
import { Random } from "../model/random.js";
import { ClientPage, WITH_PAGE } from "./client-page.js";

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const TABS = 8;
const STEPS = 20;
const EVENT_MS = 4;
const PATIENCE_MS = 25_000;
const UNREFERENCED = { ref: false };

/** A tab, and the first number that it cannot have missed. */
interface Tab {
  readonly client: ClientPage;
  readonly from: number;
  isFrozen: boolean;
}

/** Tabs of one browser that share a connection, and what happens to them. */
class Trial {
  readonly #windows: Windows;
  readonly #shop: Shop;
  readonly #random: Random;
  readonly #home: Page;
  readonly steps: string[] = [];
  readonly faults: string[] = [];
  tabs: Tab[] = [];
  counted = 0;

  constructor(windows: Windows, shop: Shop, random: Random, home: Page) {
    this.#windows = windows;
    this.#shop = shop;
    this.#random = random;
    this.#home = home;
    const timer = setInterval(() => {
      void shop.hub.broadcast("message", String(this.counted));
      this.counted += 1;
    }, EVENT_MS);
    this.stop = () => {
      clearInterval(timer);
    };
    onTestEnd(this.stop);
  }

  readonly stop: () => void;

  async open(): Promise<void> {
    const page = await this.#windows.openBeside(this.#home, `${this.#shop.url}?shared=true`);
    const client = new ClientPage(page);
    await client.tells("recovered null");
    this.tabs.push({ client, from: this.counted, isFrozen: false });
  }

  /** Does something, drawn, to one of the tabs; mostly to the oldest, which mostly leads. */
  async step(): Promise<void> {
    const tab = this.#random.chance(0.6) ? (this.tabs[0] as Tab) : this.#random.pick(this.tabs);
    const what = this.#random.pick(["close", "crash", "freeze", "cut", "open", "look"] as const);
    this.steps.push(`${what} ${this.tabs.indexOf(tab)}`);
    if (what === "cut") this.#shop.hub.connections()[0]?.close();
    if (what === "look") await this.#look();
    if (what === "freeze") await this.#freeze(tab);
    if (what === "close" || what === "crash") await this.#leave(tab, what);
    if (what === "open" || this.tabs.length < 3) await this.open();
    await this.#goOn(this.#random.below(120));
  }

  /** Wakes all that sleep. */
  async wake(): Promise<void> {
    for (const tab of this.tabs) if (tab.isFrozen) await this.#freeze(tab);
  }

  /** Notes what is wrong with what a tab has heard so far: each number once, and in order. */
  async check(tab: Tab, counted?: number): Promise<void> {
    const fault = faultOf(tab, await tab.client.messages(), counted);
    if (fault !== undefined) this.faults.push(fault);
  }

  async #leave(tab: Tab, how: "close" | "crash"): Promise<void> {
    this.tabs = this.tabs.filter((other) => other !== tab);
    if (!tab.isFrozen) await this.check(tab);
    if (tab.isFrozen || how === "close") {
      await tab.client.page.close();
      return;
    }
    const crash = tab.client.page.waitForEvent("crash");
    const devtools = await tab.client.page.context().newCDPSession(tab.client.page);
    devtools.send("Page.crash").catch(() => undefined);
    await crash;
    await tab.client.page.close();
  }

  /** Freezes a tab, or wakes it. */
  async #freeze(tab: Tab): Promise<void> {
    const devtools = await tab.client.page.context().newCDPSession(tab.client.page);
    tab.isFrozen = !tab.isFrozen;
    const state = tab.isFrozen ? "frozen" : "active";
    await devtools.send("Page.setWebLifecycleState", { state });
  }

  /** Somebody looks at a tab, which then asks whether all is well. */
  async #look(): Promise<void> {
    const tab = this.tabs.find(({ isFrozen }) => !isFrozen);
    await tab?.client.run('document.dispatchEvent(new Event("visibilitychange"))');
  }

  async #goOn(events: number): Promise<void> {
    const goal = this.counted + events;
    await until(() => this.counted >= goal, "numbers go on");
  }
}

function faultOf({ from }: Tab, heard: readonly string[], counted?: number): string | undefined {
  const numbers = heard
    .filter((line) => line !== "message end")
    .map((line) => Number(line.slice("message ".length)));
  const first = numbers[0] ?? from;
  if (first > from) return `begins with ${first}, though it was open at ${from}`;
  const wrong = numbers.findIndex((number, n) => number !== first + n);
  if (wrong !== -1) return `after ${String(numbers[wrong - 1])} comes ${String(numbers[wrong])}`;
  const missing = counted === undefined ? 0 : counted - first - numbers.length;
  return missing === 0 ? undefined : `the last ${missing} are missing`;
}

describeInBrowser("tabs that come, leave, crash and sleep as they like", (windows) => {
  it(`each hear everything once (SEED=${SEED})`, async () => {
    const shop = await Shop.open({ ...WITH_PAGE, hub: { retryMs: 50 } });
    const home = await windows.open(`${shop.url}/none.html`);
    const trial = new Trial(windows, shop, new Random(SEED), home);
    await Promise.all(Array.from({ length: TABS }, () => trial.open()));
    for (let step = 0; step < STEPS; step += 1) await trial.step();
    await trial.wake();
    trial.stop();
    await shop.hub.broadcast("message", "end");
    for (const tab of trial.tabs) {
      await Promise.race([
        tab.client.tells("message end"),
        sleep(PATIENCE_MS, undefined, UNREFERENCED),
      ]);
      await trial.check(tab, trial.counted);
    }
    expect([trial.faults, trial.steps]).toEqual([[], trial.steps]);
    await until(() => shop.hub.size === 1, "they share one connection again");
  }, 90_000);
});
