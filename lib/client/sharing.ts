import type { LinkOptions } from "./link.js";
import { page, type Channel, type LockManager } from "./page.js";

type SharedStream = Pick<LinkOptions, "url" | "credentials">;

/** How tabs that share a connection find each other. */
export interface Sharing {
  /** Of the lock and of the channel. */
  readonly name: string;
  readonly locks: LockManager;
  readonly channel: Channel;
}

/** What this page offers, or `undefined` where each tab has to have a connection of its own. */
export function openSharing({ url, credentials }: SharedStream): Sharing | undefined {
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
