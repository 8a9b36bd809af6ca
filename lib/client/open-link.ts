import type { LinkOptions } from "./link.js";
import type { Channel, LockManager } from "./page.js";
import type { Signal } from "./signal.js";

/** How tabs that share a connection find each other. */
export interface Sharing {
  /** The name of the lock and of the channel. */
  readonly name: string;
  readonly locks: LockManager;
  readonly channel: Channel;
}

/** The source of a stream's events. */
export interface OpenedLink {
  /** The newest id that was received. */
  readonly cursor: string | undefined;
  close(): void;
}

/** Opens the connection of a stream. */
export type OpenLink = (
  options: LinkOptions,
  cursor: string | undefined,
  tell: (signal: Signal) => void,
) => OpenedLink;
