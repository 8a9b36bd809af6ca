import { setTimeout as sleep } from "node:timers/promises";
import { ShopBrowser } from "./shop-browser.js";
import type { ShopUser } from "./shop-users.js";

/** How somebody spends the time. */
export interface Habits {
  /** Time before the first sign-in, so that not all come at once. */
  readonly beginMs: number;
  /** Time between two orders of a customer. */
  readonly orderMs: number;
  /** How long a page is open before it is loaded again. */
  readonly visitMs: number;
  /** How often a page is loaded between sign-in and sign-out. */
  readonly visits: number;
  /** Time between sign-out and sign-in. */
  readonly awayMs: number;
}

const PACKING_MS = 1_000;
// While the server does not answer.
const TROUBLE_MS = 2_000;

/** Somebody in front of a browser: signs in, opens the stream, orders or packs, loads the page again, signs out, and comes again. */
export class MadeUpUser {
  readonly #user: ShopUser;
  readonly #habits: Habits;
  readonly #signal: AbortSignal;
  readonly #browser: ShopBrowser;

  /**
   * @param url of the shop's routes
   * @param signal ends it
   */
  constructor(user: ShopUser, habits: Habits, url: string, signal: AbortSignal) {
    this.#user = user;
    this.#habits = habits;
    this.#signal = signal;
    this.#browser = new ShopBrowser(url, signal);
  }

  /** Resolves after the signal, when nothing is left of it. */
  async live(): Promise<void> {
    const { beginMs, awayMs } = this.#habits;
    let waitMs = beginMs;
    while (await this.#hasWaited(waitMs)) {
      waitMs = await this.#comeAndGo().then(
        () => awayMs,
        () => TROUBLE_MS,
      );
    }
  }

  async #comeAndGo(): Promise<void> {
    const { visits } = this.#habits;
    await this.#browser.post("/login", { login: this.#user.login });
    for (let visit = 1; visit <= visits && !this.#signal.aborted; visit += 1) {
      const stream = this.#browser.open();
      try {
        await this.#stay(stream);
        // The stream ends with the session, as that of a page whose user signs out.
        if (visit === visits) await this.#browser.post("/logout", {});
      } finally {
        stream.close();
      }
    }
  }

  async #stay(stream: ReturnType<ShopBrowser["open"]>): Promise<void> {
    const { orderMs, visitMs } = this.#habits;
    if (this.#user.profile === "Staff") {
      stream.onJson("order", (order) => {
        this.#pack(order as Order).catch(() => undefined);
      });
      await this.#hasWaited(visitMs);
      return;
    }
    for (let left = visitMs; left > 0; left -= orderMs) {
      if (!(await this.#hasWaited(Math.min(left, orderMs)))) return;
      if (left > orderMs) await this.#browser.post("/orders", {});
    }
  }

  async #pack({ id, login }: Order): Promise<void> {
    if (await this.#hasWaited(PACKING_MS)) await this.#browser.post("/sent", { id, login });
  }

  /** Waits, and tells whether it goes on. */
  #hasWaited(ms: number): Promise<boolean> {
    return sleep(ms, true, { signal: this.#signal }).catch(() => false);
  }
}

interface Order {
  readonly id: number;
  readonly login: string;
}
