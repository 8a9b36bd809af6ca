import { Link, type LinkOptions } from "./link.js";
import { page, type Channel, type LockManager } from "./page.js";
import type { Signal } from "./signal.js";

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

/** The connection of all tabs, or one of this tab's own where the page cannot share. */
export const openShared: OpenLink = (...given) => {
  const sharing = openSharing(given[0]);
  return sharing === undefined ? openOwn(...given) : loadShared(sharing, given);
};

// What tabs say to each other is loaded by the pages that need it. Where it cannot be, as without a
// network, the tab has a connection of its own.
function loadShared(sharing: Sharing, given: Parameters<OpenLink>): OpenedLink {
  let link: OpenedLink | undefined;
  let isClosed = false;
  const open = (make: () => OpenedLink) => {
    if (!isClosed) link = make();
  };
  import("./shared-link.js").then(
    ({ SharedLink }) => {
      open(() => new SharedLink(...given, sharing, openOwn));
    },
    () => {
      open(() => openOwn(...given));
    },
  );
  return {
    get cursor() {
      return link === undefined ? given[1] : link.cursor;
    },
    close: () => {
      isClosed = true;
      (link ?? sharing.channel).close();
    },
  };
}

/** What this page offers, or `undefined` where each tab has to have a connection of its own. */
function openSharing({ url, credentials }: LinkOptions): Sharing | undefined {
  const { navigator, BroadcastChannel } = page;
  if (navigator?.locks === undefined || BroadcastChannel === undefined) return undefined;
  const name = `express-sse-hub 1 ${url} ${credentials}`;
  try {
    return { name, locks: navigator.locks, channel: new BroadcastChannel(name) };
  } catch {
    // Firefox has them, and denies them where cookies are blocked.
    return undefined;
  }
}
