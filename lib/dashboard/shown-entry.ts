import { createParser } from "eventsource-parser";
import { toId } from "../log/cursor.js";
import type { LogEntry } from "../log/event-log.js";

// More of one event is not shown.
const MAX_CHARACTERS = 4_000;

/** An entry of the log, as the page is told of it. */
export interface ShownEntry {
  readonly id: string;
  /** When it was appended, or has come to this node, in milliseconds since 1970; `null` where the log does not say. */
  readonly time: number | null;
  readonly event: string;
  /** Of the whole event, as it goes over the wire. */
  readonly bytes: number;
  readonly rooms: readonly string[] | null;
  /** The matcher; `"predicate"` for a function; `null` for neither. */
  readonly filter: object | string | null;
  /** The connection that it is not for. */
  readonly except: string | null;
  readonly isVolatile: boolean;
  /** Of what was sent from the dashboard: the user who did, `null` for one without a user. */
  readonly sentBy?: object | null;
  /** Left out unless the dashboard shows payloads. */
  readonly data?: string;
  /** True where `data` is only the beginning of it. */
  readonly isCut?: boolean;
}

/** @param epoch the log's */
export function shownEntry(
  entry: LogEntry,
  epoch: string,
  { payloads }: { readonly payloads: boolean },
): ShownEntry {
  const { position, bytes, audience, isVolatile, appendedAt, sentBy } = entry;
  const { rooms, filter, except } = audience;
  const { event, data } = read(bytes);
  return {
    id: toId(epoch, position),
    time: appendedAt === undefined ? null : Math.round(performance.timeOrigin + appendedAt),
    event,
    bytes: bytes.length,
    rooms,
    filter: typeof filter === "function" ? "predicate" : filter,
    except,
    isVolatile,
    ...(sentBy === undefined ? {} : { sentBy }),
    ...(payloads ? { data: data.slice(0, MAX_CHARACTERS) } : {}),
    ...(payloads && data.length > MAX_CHARACTERS ? { isCut: true } : {}),
  };
}

function read(bytes: Buffer): { readonly event: string; readonly data: string } {
  let found = { event: "message", data: "" };
  createParser({
    onEvent: ({ event = "message", data }) => {
      found = { event, data };
    },
  }).feed(bytes.toString());
  return found;
}
