import { Link, type LinkOptions } from "./link.js";
import type { OpenedLink, OpenLink, Sharing } from "./open-link.js";
import { page } from "./page.js";
import type { EndSignal, Signal } from "./signal.js";
import { waitForLoops } from "./wait-for-loops.js";

/** The class of a shared link, whose module is loaded when a page shares a connection. */
type SharedLinkClass = new (
  ...given: [...Parameters<OpenLink>, sharing: Sharing, openLink: OpenLink]
) => OpenedLink;

/** A connection of this tab's own. */
export const openOwn: OpenLink = (...given) => new Link(...given);

/** A connection that all tabs share. Only for a page that has Web Locks. */
export const openShared: OpenLink = (...given) => new LoadedLink(given);

/**
 * A shared connection. Its code is loaded first, because most pages do not need it. If the code cannot be loaded, the
 * tab has a connection of its own.
 */
class LoadedLink implements OpenedLink {
  readonly #given: Parameters<OpenLink>;
  #link: OpenedLink;
  #isPausing = false;
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

  #open(Shared: SharedLinkClass | undefined): void {
    if (this.#isClosed) return;
    const { cursor } = this;
    const [options, , tell] = this.#given;
    const sharing = openSharing(options);
    if (!Shared || !sharing) {
      this.#link = openOwn(options, cursor, tell);
      return;
    }
    const onSignal = (signal: Signal) => {
      // Only the signal of an end has `isFinal`.
      this.#isClosed ||= (signal as EndSignal).isFinal;
      tell(signal);
      void this.#pause(Shared);
    };
    const ofAll = { ...options, whenTaken: () => undefined };
    this.#link = new Shared(ofAll, cursor, onSignal, sharing, openOwn);
  }

  // The other tabs must not wait for a loop of this tab: it leaves the shared connection until the loop has room.
  async #pause(Shared: SharedLinkClass): Promise<void> {
    const taken = this.#given[0].whenTaken();
    if (!taken || this.#isPausing) return;
    this.#isPausing = true;
    if (!(await waitForLoops(taken))) {
      this.#link.close();
      await taken;
      this.#open(Shared);
    }
    this.#isPausing = false;
  }
}

/** Prepares sharing; `undefined` if this page cannot share, so that each tab has a connection of its own. */
function openSharing({ url, credentials }: LinkOptions): Sharing | undefined {
  const { navigator, BroadcastChannel } = page;
  if (!navigator?.locks || !BroadcastChannel) return undefined;
  const name = `express-sse-hub 1 ${url} ${credentials}`;
  try {
    return { name, locks: navigator.locks, channel: new BroadcastChannel(name) };
  } catch {
    // Firefox denies BroadcastChannel if cookies are blocked.
    return undefined;
  }
}
