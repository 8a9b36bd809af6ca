import type { EventLog } from "./event-log.js";

/** Why a cursor that a browser brought back cannot be continued. */
export type LostReason = "unknown" | "trimmed" | "epoch";

/** What the log makes of a Last-Event-ID: the position to read on from, or why it cannot. */
export type Verdict =
  /** `isOther`: the cursor was handed out for another user, so that state is to be given again. */
  | { readonly recovered: true; readonly position: number; readonly isOther: boolean }
  | { readonly recovered: false; readonly reason: LostReason }
  | { readonly recovered: null };

/** How a browser came: `new` brought no cursor, `recovered` goes on where it was, the rest could not. */
export type ReturnVerdict = "new" | "recovered" | LostReason;

/** A verdict in one word. */
export function returnOf(verdict: Verdict): ReturnVerdict {
  if (verdict.recovered === null) return "new";
  return verdict.recovered ? "recovered" : verdict.reason;
}

/**
 * The id of an entry on the wire: `<epoch>.<position>`. No `:` occurs in it, since that makes a
 * browser ask for a CORS preflight before it may return with it.
 */
export function toId(epoch: string, position: number): string {
  return `${epoch}.${position}`;
}

/**
 * The id of the same place for a browser whose user has changed: it comes back with it, and everything
 * goes on from there, but what it was given to begin with was somebody else's.
 */
export function toOtherId(epoch: string, position: number): string {
  return `${toId(epoch, position)}.other`;
}

/** The same place as another cursor's for a browser whose user has changed; `undefined` for no cursor. */
export function asOther(cursor: string): string | undefined {
  const match = PLACE.exec(cursor);
  return match === null ? undefined : toOtherId(match[1] as string, Number(match[2]));
}

// Of anything longer than 2^53 nobody was told.
const PLACE = /^([A-Za-z0-9_-]{1,32})\.(0|[1-9][0-9]{0,15})(\.other)?$/;

/** The position that an id of an entry names; NaN for any other text. */
export function positionIn(id: string): number {
  return Number.parseInt(id.slice(id.indexOf(".") + 1), 10);
}

/** The id that says: this stream is finished, do not come back. */
export function toFinalId(connectionId: string): string {
  return `done.${connectionId}`;
}

/** True for the id of a finished stream. */
export function isFinalId(lastEventId: string | undefined): boolean {
  return lastEventId !== undefined && /^done\.[A-Za-z0-9_-]{1,32}$/.test(lastEventId);
}

/**
 * True when this node cannot judge a cursor before it has read what other nodes have written: it may
 * come from one that has read further, or in a life of the log that has begun since.
 */
export function needsNews(log: EventLog, lastEventId: string | undefined): boolean {
  if (!log.isShared) return false;
  const verdict = judge(log, lastEventId);
  return log.epoch === "" || (verdict.recovered === false && verdict.reason !== "trimmed");
}

/**
 * Judges a Last-Event-ID, which anybody may have written. Anything but an id this log could have
 * given is `unknown`; nothing of it travels further than this function.
 */
export function judge(log: EventLog, lastEventId: string | undefined): Verdict {
  if (lastEventId === undefined || lastEventId === "") return { recovered: null };
  const match = PLACE.exec(lastEventId);
  if (match === null) return { recovered: false, reason: "unknown" };
  if (match[1] !== log.epoch) return { recovered: false, reason: "epoch" };
  const position = Number(match[2]);
  if (position > log.head) return { recovered: false, reason: "unknown" };
  if (position < log.trimmed) return { recovered: false, reason: "trimmed" };
  return { recovered: true, position, isOther: match[3] !== undefined };
}
