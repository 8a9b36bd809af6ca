import type { Opened } from "./connection.js";
import type { StreamConnection } from "./stream-connection.js";

/** What feeds a stream that no broadcast reaches, from a record of its own. */
export interface Feed {
  /** Where the browser's cursor leads: what the browser is told, and its cursor from here on. */
  judge(lastEventId: string | undefined): { readonly id: string; readonly opened: Opened };
  /** Called when the browser has been told. */
  begin(connection: StreamConnection): void;
}
