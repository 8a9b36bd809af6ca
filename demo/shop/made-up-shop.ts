import { MadeUpUser, type Habits } from "./made-up-user.js";
import { shopUsers } from "./shop-users.js";

/** How each made-up user spends the time, by login. */
export type HabitsByLogin = Readonly<Record<string, Habits>>;

// With these, two or three of them are there at most times, and about one order is placed every two seconds.
const HABITS: HabitsByLogin = {
  carol: { beginMs: 200, orderMs: 3_500, visitMs: 9_000, visits: 3, awayMs: 5_000 },
  dave: { beginMs: 1_500, orderMs: 5_000, visitMs: 12_000, visits: 2, awayMs: 8_000 },
  erin: { beginMs: 900, orderMs: 0, visitMs: 20_000, visits: 3, awayMs: 4_000 },
};

/**
 * Three made-up users with real sessions and streams, over HTTP, so that the dashboard has something to show. They have
 * an audience of their own: no event of the demo's page is for them, and none of theirs for the page.
 */
export class MadeUpShop {
  readonly #urlOf: () => string;
  readonly #habits: HabitsByLogin;
  #closing: AbortController | undefined;
  #living: Promise<unknown> = Promise.resolve();

  /** @param urlOf gives where the demo is served; asked each time the shop opens */
  constructor(urlOf: () => string, habits: HabitsByLogin = HABITS) {
    this.#urlOf = urlOf;
    this.#habits = habits;
  }

  get isOpen(): boolean {
    return this.#closing !== undefined;
  }

  open(): void {
    if (this.#closing !== undefined) return;
    this.#closing = new AbortController();
    const { signal } = this.#closing;
    const url = `${this.#urlOf()}/shop/api`;
    const users = [...shopUsers.values()].flatMap((user) => {
      const habits = this.#habits[user.login];
      return habits === undefined ? [] : [new MadeUpUser(user, habits, url, signal)];
    });
    this.#living = Promise.all([this.#living, ...users.map((user) => user.live())]);
  }

  /** Resolves when nobody is there any more. */
  async close(): Promise<void> {
    this.#closing?.abort();
    this.#closing = undefined;
    await this.#living;
  }
}
