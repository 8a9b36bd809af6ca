import type { Connection } from "../connection/connection.js";
import { checkRooms } from "../connection/rooms.js";
import type { StreamConnection } from "../connection/stream-connection.js";
import type { Audience, LogEntry } from "../log/event-log.js";
import { isThenable } from "../async/is-thenable.js";
import { SseHubError, SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import { compileMatcher, findEquality, type Equality, type Test } from "./compile-matcher.js";
import type { Matcher } from "./matcher.js";

/**
 * A function that decides for one connection whether the event is for it; only `true` counts. The hub calls it for
 * each connection, also during replay, so it must be fast and synchronous.
 */
export type Predicate = (connection: Connection) => boolean | undefined;

/** A matcher, which works on all nodes, or a predicate, which works in this process only. */
export type Filter = Matcher | Predicate;

/** The members of a connection that decide whether an entry is for it. It may be a connection of another node. */
export type Reader = Pick<StreamConnection, "id" | "user" | "wasIn">;

/** Emits an error as the hub's `error` event. */
export type Report = (error: SseHubError) => void;

const EVERYBODY: Audience = { rooms: null, filter: null, except: null };

/**
 * Makes the audience of a broadcast from its rooms, `except` and filter.
 *
 * @throws SseHubTypeError `ERR_SSE_FILTER` for a wrong filter, and for a predicate if the log is shared, because a
 * function cannot be sent to other processes
 */
export function createAudience(
  { rooms, except }: Pick<Audience, "rooms" | "except">,
  filter: unknown,
  log: { readonly isShared: boolean },
  report: Report,
): Audience {
  if (filter === null) {
    return rooms === null && except === null ? EVERYBODY : { rooms, filter, except };
  }
  const test = compileFilter(filter, log, report);
  const isMatcher = typeof filter === "object";
  // A copy, so that later changes to the caller's object do not change the log.
  const audience = {
    rooms,
    filter: isMatcher ? structuredClone(filter) : (filter as object),
    except,
  };
  ready.set(audience, { test, equality: isMatcher ? findEquality(filter) : null });
  return audience;
}

/** Returns an equality that every connection of the audience fulfils; `null` if the filter has none. */
export function equalityOf(audience: Audience): Equality | null {
  return readyOf(audience).equality;
}

/** Compiles a filter to a function that tests a connection and never throws. */
export function compileFilter(
  filter: unknown,
  log: { readonly isShared: boolean },
  report: Report,
): (connection: StreamConnection) => boolean {
  if (typeof filter !== "function") return ofMatcher(compileMatcher(filter));
  if (log.isShared) {
    throw new SseHubTypeError(
      "ERR_SSE_FILTER",
      "The filter is a function, but the log is shared by several processes, and a function cannot be sent to them. " +
        'Expected a matcher: write { field: value }, or broadcast to a room with hub.to("…").',
    );
  }
  return ofPredicate(filter as Predicate, report);
}

/**
 * Whether an entry is for a connection. This is the only rule, for live delivery, for replay and for slow readers. A
 * room that was joined after the entry does not count; a room that was left does not count any more.
 *
 * @param at the position at which rooms are compared; by default the entry's own
 */
export function reaches(entry: LogEntry, connection: Reader, at = entry.position): boolean {
  const { rooms, except } = entry.audience;
  if (except === connection.id) return false;
  if (rooms !== null && !rooms.some((room) => connection.wasIn(room, at))) return false;
  const { test } = readyOf(entry.audience);
  // Only a predicate needs the whole connection, and a log with predicates has no connections on other nodes.
  return test === null || test(connection as StreamConnection);
}

/** True if the audience is all connections, so that none needs to be tested. */
export function isForEverybody({ rooms, filter, except }: Audience): boolean {
  return rooms === null && filter === null && except === null;
}

/** Adds rooms to those of a broadcast, and checks them. @throws SseHubTypeError `ERR_SSE_ROOM` */
export function roomsOf(before: readonly string[] | null, rooms: readonly string[]): string[] {
  checkRooms(rooms);
  if (rooms.length === 0) {
    throw new SseHubTypeError(
      "ERR_SSE_ROOM",
      "to() was called without a room. Expected one room or more; to send to all connections, leave to() out.",
    );
  }
  return [...new Set([...(before ?? []), ...rooms])];
}

interface Ready {
  readonly test: ((connection: StreamConnection) => boolean) | null;
  readonly equality: Equality | null;
}

const UNFILTERED: Ready = { test: null, equality: null };

// Kept beside the audience, not in it: an audience is plain data that a log may serialize.
const ready = new WeakMap<Audience, Ready>();

// An audience from another node, which a shared log has read, is compiled here. A filter that this version does not
// understand matches no connection.
function readyOf(audience: Audience): Ready {
  if (audience.filter === null) return UNFILTERED;
  const known = ready.get(audience);
  if (known !== undefined) return known;
  const made = fromElsewhere(audience.filter);
  ready.set(audience, made);
  return made;
}

function fromElsewhere(filter: object): Ready {
  try {
    return { test: ofMatcher(compileMatcher(filter)), equality: findEquality(filter) };
  } catch {
    return { test: () => false, equality: null };
  }
}

function ofMatcher(test: Test): (connection: StreamConnection) => boolean {
  return ({ user }) => user !== undefined && test(user);
}

function ofPredicate(
  predicate: Predicate,
  report: Report,
): (connection: StreamConnection) => boolean {
  let hasReported = false;
  const reportOnce = (message: string, cause?: unknown) => {
    if (hasReported) return;
    hasReported = true;
    report(new SseHubError("ERR_SSE_FILTER", message, { cause }));
  };
  return (connection) => {
    let answer: unknown;
    try {
      answer = predicate(connection);
    } catch (cause) {
      reportOnce(
        "A predicate threw an error, so the connections for which it threw were skipped. " +
          "Catch errors inside the predicate, and return true or false.",
        cause,
      );
      return false;
    }
    if (isThenable(answer)) {
      answer.then(undefined, () => undefined);
      reportOnce(
        `A predicate returned ${describe(answer)}. Expected true or false: the hub does not wait, so the event is ` +
          "delivered to no one. Look up what the predicate needs before broadcast(), or keep it in the user.",
      );
    }
    return answer === true;
  };
}
