import type { Opened } from "./connection.js";
import type { StreamConnection } from "./stream-connection.js";

/** Feeds a stream from a record of its own instead of the log. A follower of a run is such a feed. */
export interface Feed {
  /** Decides what `hub:open` says for the browser's cursor, and which id it carries. */
  judge(lastEventId: string | undefined): { readonly id: string; readonly opened: Opened };
  /** Called when `hub:open` was sent. */
  begin(connection: StreamConnection): void;
}
