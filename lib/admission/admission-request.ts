import type { StreamParts } from "../connection/connection-context.js";
import type { Feed } from "../connection/feed.js";
import type { Transport } from "../connection/transport.js";
import type { User } from "../user/user.js";

/** Returns the state that a page begins with, as an event and its data. */
export type First = () =>
  readonly [event: string, data: unknown] | Promise<readonly [string, unknown]>;

/** What every request for a stream brings, also one that is refused. */
export interface RefusableRequest extends Pick<StreamParts, "isRaw"> {
  readonly transport: Transport;
  /** True for `req.sse.open()`: a stream that does not read the log. */
  readonly isOwn: boolean;
  /** The cursor that the browser sent. */
  readonly lastEventId: string | undefined;
}

/** A request for a stream. The head of its response is fixed, and nothing is sent yet. */
export interface AdmissionRequest extends RefusableRequest, StreamParts {
  /** Feeds the stream from the record of a run; `null` if only the log or the application's calls do. */
  readonly feed: Feed | null;
  readonly rooms: readonly string[];
  readonly first: First | null;
  /** True if the browser asks for a `hub:tick` once it has received everything that the log holds for it. */
  readonly wantsTick: boolean;
  readonly user: User | undefined | Promise<User | undefined>;
  /** When the request came, in milliseconds since 1970. */
  readonly receivedAt: number;
  /** The generation of the log when the request came. */
  readonly generation: number;
  /** The value of {@link Recalls.serial} when the application was asked for the user. */
  readonly askedAt: number;
  /** The browser's address. A function, because it is needed only if a limit depends on it. */
  addressOf(): string | undefined;
  /**
   * When the read of the store began that gave the request its session, by `performance.now()`; `null` if that is not
   * known, or if the request has changed the session.
   */
  readonly sessionReadAt: number | null;
  /** What must be done before the first byte, such as saving a session made in this request. */
  readonly whenReady: Promise<unknown> | null;
}
