import { Link, type LinkOptions } from "./link.js";
import { page, type Channel, type LockManager } from "./page.js";
import type { SharedLink } from "./shared-link.js";
import type { Signal } from "./signal.js";
import { takenSoon } from "./taken-soon.js";

/** How tabs that share a connection find each other. */
export interface Sharing {
  /** Of the lock and of the channel. */
  readonly name: string;
  readonly locks: LockManager;
  readonly channel: Channel;
}

/** What a stream has its events from. */
export interface OpenedLink {
  /** The newest id that came. */
  readonly cursor: string | undefined;
  close(): void;
}

/** Makes the connection of a stream. */
export type OpenLink = (
  options: LinkOptions,
  cursor: string | undefined,
  tell: (signal: Signal) => void,
) => OpenedLink;

/** A connection of this tab's own. */
export const openOwn: OpenLink = (...given) => new Link(...given);

/** The connection of all tabs. Only for a page that has locks. */
export const openShared: OpenLink = (...given) => new LoadedLink(given);

/**
 * A shared connection whose code is loaded first: most pages do not need it. Where it cannot be loaded, as
 * without a network, the tab has a connection of its own.
 */
class LoadedLink implements OpenedLink {
  readonly #given: Parameters<OpenLink>;
  #link: OpenedLink;
  #isResting = false;
  #isClosed = false;

  constructor(given: Parameters<OpenLink>) {
    this.#given = given;
    this.#link = { cursor: given[1], close: () => undefined };
    void import("./shared-link.js")
      .then(
        (part) => part.SharedLink,
        () => undefined,
      )
      .then(this.#open.bind(this));
  }

  get cursor(): string | undefined {
    return this.#link.cursor;
  }

  close(): void {
    this.#isClosed = true;
    this.#link.close();
  }

  #open(Shared: typeof SharedLink | undefined): void {
    if (this.#isClosed) return;
    const { cursor } = this;
    const [options, , tell] = this.#given;
    const sharing = openSharing(options);
    if (Shared === undefined || sharing === undefined) {
      this.#link = openOwn(options, cursor, tell);
      return;
    }
    const onSignal = (signal: Signal) => {
      tell(signal);
      void this.#rest(Shared);
    };
    const ofAll = { ...options, whenTaken: () => undefined };
    this.#link = new Shared(ofAll, cursor, onSignal, sharing, openOwn);
  }

  // The other tabs do not wait for a loop of this one: it leaves them until the loop has room.
  async #rest(Shared: typeof SharedLink): Promise<void> {
    const taken = this.#given[0].whenTaken();
    if (taken === undefined || this.#isResting) return;
    this.#isResting = true;
    if (!(await takenSoon(taken))) {
      this.#link.close();
      await taken;
      this.#open(Shared);
    }
    this.#isResting = false;
  }
}

/** What this page offers, or `undefined` where each tab has to have a connection of its own. */
function openSharing({ url, credentials }: LinkOptions): Sharing | undefined {
  const { navigator, BroadcastChannel } = page;
  if (!navigator?.locks || !BroadcastChannel) return undefined;
  const name = `express-sse-hub 1 ${url} ${credentials}`;
  try {
    return { name, locks: navigator.locks, channel: new BroadcastChannel(name) };
  } catch {
    // Firefox has them, and denies them where cookies are blocked.
    return undefined;
  }
}
