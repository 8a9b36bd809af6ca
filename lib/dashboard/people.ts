import type { Cluster } from "../cluster/cluster.js";
import type { ConnectionDetails } from "../cluster/connection-details.js";
import type { Person } from "../cluster/merge-users.js";
import { keptUserKeyOf } from "../user/user.js";
import { firstOf } from "./first-of.js";
import { nameOf } from "./user-name.js";

const PER_PAGE = 50;
// What is shown of one user in the list; the user's own page shows all.
const SHOWN_CONNECTIONS = 5;
// All pages that look share one question to the nodes. So many are asked for less often: 10 000 every four seconds.
const FRESH_MS = 900;
const FRESH_MS_PER_USER = 0.4;

/** A user with its connections, as the list shows it. */
export interface ListedPerson extends Person {
  /** Names the user in a link. */
  readonly key: string;
  /** Some of its connections, those opened first in front. */
  readonly shown: ReadonlyArray<Omit<ConnectionDetails, "key" | "user">>;
}

/** One page of the users that are online. */
export interface PeoplePage {
  /** All that are online, found or not. */
  readonly all: number;
  /** All that were found. */
  readonly total: number;
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  readonly users: readonly ListedPerson[];
}

type Order = (a: Person, b: Person) => number;

// Equal ones in an order that stays.
const byText: Order = (a, b) => compare(wordsOf(a).text, wordsOf(b).text);
const ORDERS: Readonly<Record<string, Order>> = {
  connections: (a, b) => b.connections - a.connections || byText(a, b),
  name: (a, b) => compare(wordsOf(a).name, wordsOf(b).name) || byText(a, b),
  // Those who came last in front; one that has just left, behind them.
  since: (a, b) => (b.since ?? 0) - (a.since ?? 0) || byText(a, b),
};

/** The users of all nodes, asked for when a page asks. */
export class People {
  readonly #cluster: Cluster;
  readonly #wantsAddresses: boolean;
  #freshMs = FRESH_MS;
  #asked: Promise<Person[]> | undefined;

  constructor(cluster: Cluster, { addresses }: { readonly addresses: boolean }) {
    this.#cluster = cluster;
    this.#wantsAddresses = addresses;
  }

  /**
   * @param query `search`: text in the user, as JSON has it, in any case; `sort`: `connections`, `name` or `since`;
   * `page`: from 1
   */
  async page(query: URLSearchParams): Promise<PeoplePage> {
    const search = (query.get("search") ?? "").trim().toLowerCase();
    const sort = query.get("sort") ?? "";
    const all = await this.#all();
    const found = search === "" ? all : all.filter((one) => wordsOf(one).text.includes(search));
    const pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
    const asked = Math.trunc(Number(query.get("page")));
    const page = Math.min(Math.max(1, Number.isFinite(asked) ? asked : 1), pages);
    const order = (Object.hasOwn(ORDERS, sort) ? ORDERS[sort] : ORDERS.connections) as Order;
    const shown = firstOf(found, page * PER_PAGE, order).slice((page - 1) * PER_PAGE);
    const users = await this.#list(shown);
    return { all: all.length, total: found.length, page, pages, users };
  }

  /** The open connections of users, by their keys. */
  detailsOf(keys: readonly string[]): Promise<ConnectionDetails[]> {
    return this.#cluster.details(keys, { wantsAddresses: this.#wantsAddresses });
  }

  async #list(shown: readonly Person[]): Promise<ListedPerson[]> {
    const keys = shown.map(({ user }) => keptUserKeyOf(user));
    const details = keys.length === 0 ? [] : await this.detailsOf(keys);
    return shown.map((person, index) => {
      const key = keys[index] as string;
      const own = details.filter((one) => one.key === key).slice(0, SHOWN_CONNECTIONS);
      // Whose they are stands above them.
      return { ...person, key, shown: own.map(({ key: _key, user: _user, ...rest }) => rest) };
    });
  }

  #all(): Promise<Person[]> {
    if (this.#asked !== undefined) return this.#asked;
    const asked = this.#cluster.people().then((all) => {
      this.#freshMs = Math.max(FRESH_MS, all.length * FRESH_MS_PER_USER);
      return all;
    });
    const forget = () => {
      if (this.#asked === asked) this.#asked = undefined;
    };
    this.#asked = asked;
    setTimeout(forget, this.#freshMs).unref();
    // A failure is not to be remembered.
    asked.catch(forget);
    return asked;
  }
}

/** What a user is sorted and searched by. It stays as long as the user does. */
interface Words {
  readonly name: string;
  /** As JSON has it, in lower case. */
  readonly text: string;
}

const known = new WeakMap<object, Words>();

function wordsOf({ user }: Person): Words {
  let words = known.get(user);
  if (words === undefined) {
    words = { name: nameOf(user).toLowerCase(), text: JSON.stringify(user).toLowerCase() };
    known.set(user, words);
  }
  return words;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
