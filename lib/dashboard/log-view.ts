import { reaches, type Reader } from "../audience/audience.js";
import type { ConnectionDetails } from "../cluster/connection-details.js";
import type { LogReader } from "../delivery/log-reader.js";
import type { HubCore } from "../hub/hub-core.js";
import type { LogEntry } from "../log/event-log.js";
import { isForNobody } from "../log/retained.js";
import { keptUserKeyOf, type User } from "../user/user.js";
import { lookInto, type LogLook } from "./log-page.js";
import type { People } from "./people.js";
import { shownEntry, type ShownEntry } from "./shown-entry.js";

// As many as the page keeps.
const MOST = 200;
// How many users are remembered that somebody looks at, for the moments in which they reconnect.
const MOST_KNOWN = 100;

/** What the page is told of the log. */
export interface LogAnswer extends Omit<LogLook, "entries"> {
  /** Oldest first. */
  readonly entries: readonly ShownEntry[];
}

/** What the page is told of a user. */
export interface UserAnswer extends LogAnswer {
  /** `null` where the user has not been connected since somebody looks. */
  readonly user: User | null;
  readonly connections: readonly ConnectionDetails[];
}

/** The log for pages that look at it. Nothing is followed: each page says how far it has read. */
export class LogView {
  readonly #core: HubCore;
  readonly #people: People;
  readonly #payloads: boolean;
  // The connections that a user had when it last had some.
  readonly #known = new Map<string, readonly ConnectionDetails[]>();

  constructor(core: HubCore, people: People, { payloads }: { readonly payloads: boolean }) {
    this.#core = core;
    this.#people = people;
    this.#payloads = payloads;
  }

  /** The newest entries. @param query `after`: what the last answer called `at` */
  async recent(query: URLSearchParams): Promise<LogAnswer> {
    const isWanted = ({ audience }: LogEntry) => !isForNobody(audience);
    return this.#look(query, { isWanted, wantsOlder: true });
  }

  /**
   * A user with its connections, and the events that are delivered to it from the first look on.
   *
   * @param query `key` of the user, and `after`
   */
  async user(query: URLSearchParams): Promise<UserAnswer> {
    const key = query.get("key") ?? "";
    const connections = await this.#people.detailsOf([key]);
    if (connections.length > 0) this.#remember(key, connections);
    const readers = this.#readersOf(key, connections);
    const isWanted = (entry: LogEntry) => readers.some((reader) => reaches(entry, reader));
    const answer = await this.#look(query, { isWanted, wantsOlder: false });
    return { ...answer, user: this.#known.get(key)?.[0]?.user ?? null, connections };
  }

  async #look(
    query: URLSearchParams,
    wish: { readonly isWanted: (entry: LogEntry) => boolean; readonly wantsOlder: boolean },
  ): Promise<LogAnswer> {
    const { log } = this.#core;
    const look = await lookInto(log, { ...wish, after: query.get("after") ?? "", most: MOST });
    const { epoch } = log;
    const payloads = this.#payloads;
    return { ...look, entries: look.entries.map((one) => shownEntry(one, epoch, { payloads })) };
  }

  // A predicate is given the connection itself, which is here wherever a log takes predicates.
  #readersOf(key: string, connections: readonly ConnectionDetails[]): Reader[] {
    const own: LogReader[] = [];
    for (const connection of this.#core.registry) {
      const { user, isOwn } = connection;
      if (user !== undefined && !isOwn && keptUserKeyOf(user) === key) own.push(connection);
    }
    const ids = new Set(own.map(({ id }) => id));
    // Who reconnects in this moment is given on its return what was for the connections it had.
    const known = connections.length > 0 ? connections : (this.#known.get(key) ?? []);
    const others = known.filter(({ id, verdict }) => verdict !== null && !ids.has(id));
    return [...own, ...others.map(readerOf)];
  }

  #remember(key: string, connections: readonly ConnectionDetails[]): void {
    this.#known.delete(key);
    this.#known.set(key, connections);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }
}

function readerOf({ id, user, rooms }: ConnectionDetails): Reader {
  return { id, user, wasIn: (room) => rooms.includes(room) };
}
