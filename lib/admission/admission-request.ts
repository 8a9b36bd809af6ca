import type { StreamParts } from "../connection/connection-context.js";
import type { Feed } from "../connection/feed.js";
import type { Transport } from "../connection/transport.js";
import type { User } from "../user/user.js";

/** The state to begin with: an event and its data. */
export type First = () =>
  readonly [event: string, data: unknown] | Promise<readonly [string, unknown]>;

/** What is known of every request for a stream. */
export interface Asking extends Pick<StreamParts, "isRaw"> {
  readonly transport: Transport;
  /** True for a stream of its own, which has no place in the log. */
  readonly isOwn: boolean;
  /** The cursor the browser has brought. */
  readonly lastEventId: string | undefined;
}

/** A request that wants to be a stream: the head of its response is fixed, and nothing is sent. */
export interface AdmissionRequest extends Asking, StreamParts {
  /** What feeds a stream of its own; `null` for the application's `send` and `stream` alone. */
  readonly feed: Feed | null;
  readonly rooms: readonly string[];
  readonly first: First | null;
  /** True when the browser asks to be told as soon as it has been given all there was. */
  readonly wantsTick: boolean;
  readonly user: User | undefined | Promise<User | undefined>;
  /** What {@link Recalls.serial} was when the user was asked for. */
  readonly askedAt: number;
  /** The browser's address; not asked for where nothing depends on it. */
  addressOf(): string | undefined;
  /** What must be done before the first byte, such as saving a session made in this request. */
  readonly whenReady: Promise<unknown> | null;
}
