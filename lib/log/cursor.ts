import type { EventLog } from "./event-log.js";

/**
 * Why the hub cannot send the events that a browser missed. `trimmed`: events after the cursor have left the log.
 * `epoch`: the log has started again. `unknown`: this log did not issue the cursor.
 */
export type LostReason = "unknown" | "trimmed" | "epoch";

/** The decision about a Last-Event-ID: the position to read on from, or why that is not possible. */
export type Verdict =
  /** `isOther`: the browser reconnects as another user, so that it needs its initial state again. */
  | { readonly recovered: true; readonly position: number; readonly isOther: boolean }
  | { readonly recovered: false; readonly reason: LostReason }
  | { readonly recovered: null };

/**
 * The decision about a browser's cursor in one word. `new`: the browser sent no cursor. `recovered`: it receives what
 * it missed. Otherwise the reason why it cannot.
 */
export type ReturnVerdict = "new" | "recovered" | LostReason;

/** Returns a verdict in one word. */
export function returnOf(verdict: Verdict): ReturnVerdict {
  if (verdict.recovered === null) return "new";
  return verdict.recovered ? "recovered" : verdict.reason;
}

/**
 * The id of an entry on the wire: `<epoch>.<position>`. It contains no `:`, because with one a browser would send a
 * CORS preflight before it reconnects to another origin.
 */
export function toId(epoch: string, position: number): string {
  return `${epoch}.${position}`;
}

/**
 * The id of the same position for a browser that does not have the initial state of its user, for example because
 * its user has changed. The browser reads on from there, and is sent the initial state again.
 */
export function toOtherId(epoch: string, position: number): string {
  return `${toId(epoch, position)}.other`;
}

/** Turns a cursor into the same position for another user; `undefined` if the text is not a cursor. */
export function asOther(cursor: string): string | undefined {
  const match = CURSOR.exec(cursor);
  return match === null ? undefined : toOtherId(match[1] as string, Number(match[2]));
}

// 16 digits are enough: no position is above 2^53.
const CURSOR = /^([A-Za-z0-9_-]{1,32})\.(0|[1-9][0-9]{0,15})(\.other)?$/;

/** The position in the id of an entry; NaN for any other text. */
export function positionIn(id: string): number {
  return Number.parseInt(id.slice(id.indexOf(".") + 1), 10);
}

/** The id of a stream that is finished: a browser that reconnects with it is answered 204. */
export function toFinalId(connectionId: string): string {
  return `done.${connectionId}`;
}

/** True for the id of a finished stream. */
export function isFinalId(lastEventId: string | undefined): boolean {
  return lastEventId !== undefined && /^done\.[A-Za-z0-9_-]{1,32}$/.test(lastEventId);
}

/**
 * True if this node must read the newest entries of a shared log before it can judge a cursor: the cursor may come
 * from a node that has read further, or from a newer epoch of the log.
 */
export function needsNews(log: EventLog, lastEventId: string | undefined): boolean {
  if (!log.isShared) return false;
  const verdict = judge(log, lastEventId);
  return log.epoch === "" || (verdict.recovered === false && verdict.reason !== "trimmed");
}

/**
 * Decides about a Last-Event-ID. The text is untrusted: anything but an id that this log could have issued is
 * `unknown`, and the text itself is not passed on.
 */
export function judge(log: EventLog, lastEventId: string | undefined): Verdict {
  if (lastEventId === undefined || lastEventId === "") return { recovered: null };
  const match = CURSOR.exec(lastEventId);
  if (match === null) return { recovered: false, reason: "unknown" };
  if (match[1] !== log.epoch) return { recovered: false, reason: "epoch" };
  const position = Number(match[2]);
  if (position > log.head) return { recovered: false, reason: "unknown" };
  if (position < log.trimmed) return { recovered: false, reason: "trimmed" };
  return { recovered: true, position, isOther: match[3] !== undefined };
}
