import type { PresentUser } from "../cluster/presence.js";
import type { Hub } from "../hub/hub.js";

const PER_PAGE = 50;
// All pages that look share one question to the nodes.
const FRESH_MS = 900;

/** One page of the users that are online. */
export interface PeoplePage {
  /** All that were found. */
  readonly total: number;
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  readonly users: readonly PresentUser[];
}

/** The users of all nodes, asked for when a page asks. */
export class People {
  readonly #hub: Hub;
  #asked: { readonly at: number; readonly users: Promise<PresentUser[]> } | undefined;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** @param query `search`: text in the user, as JSON has it, in any case; `page`: from 1 */
  async page(query: URLSearchParams): Promise<PeoplePage> {
    const search = (query.get("search") ?? "").trim().toLowerCase();
    const found = (await this.#all()).filter(
      ({ user }) => search === "" || JSON.stringify(user).toLowerCase().includes(search),
    );
    const pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
    const asked = Math.trunc(Number(query.get("page")));
    const page = Math.min(Math.max(1, Number.isFinite(asked) ? asked : 1), pages);
    const users = found.slice((page - 1) * PER_PAGE, page * PER_PAGE);
    return { total: found.length, page, pages, users };
  }

  #all(): Promise<PresentUser[]> {
    const now = Date.now();
    if (this.#asked !== undefined && now - this.#asked.at < FRESH_MS) return this.#asked.users;
    // Those with the most connections first, and equal ones in an order that stays.
    const users = this.#hub.users().then((all) =>
      all
        .map((one) => ({ one, key: JSON.stringify(one.user) }))
        .sort((a, b) => b.one.connections - a.one.connections || (a.key < b.key ? -1 : 1))
        .map(({ one }) => one),
    );
    this.#asked = { at: now, users };
    // A failure is not to be remembered.
    users.catch(() => (this.#asked = undefined));
    return users;
  }
}
