import type { Connection } from "../connection/connection.js";
import { checkRooms } from "../connection/rooms.js";
import type { StreamConnection } from "../connection/stream-connection.js";
import type { Audience, LogEntry } from "../log/event-log.js";
import { isThenable } from "../async/is-thenable.js";
import { SseHubError, SseHubTypeError, describe } from "../errors/sse-hub-error.js";
import { compileMatcher, findEquality, type Equality, type Test } from "./compile-matcher.js";
import type { Matcher } from "./matcher.js";

/**
 * Who is meant, as a function of this process: only `true` counts. It is called for each connection,
 * at delivery and at replay, so it must be quick and must not wait.
 */
export type Predicate = (connection: Connection) => boolean | undefined;

/** A matcher (plain data: travels, is replayed on every node) or a predicate (this process only). */
export type Filter = Matcher | Predicate;

/** Tells of trouble at run time; the hub's `error` event. */
export type Report = (error: SseHubError) => void;

const EVERYBODY: Audience = { rooms: null, filter: null, except: null };

/**
 * Makes an audience out of what a broadcast names.
 *
 * @throws SseHubTypeError `ERR_SSE_FILTER` for a filter that cannot be one, and for a predicate where
 * the log is shared, since a function cannot travel
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
  // A copy: what the caller does to its matcher later must not reach the log.
  const audience = {
    rooms,
    filter: isMatcher ? structuredClone(filter) : (filter as object),
    except,
  };
  ready.set(audience, { test, equality: isMatcher ? findEquality(filter) : null });
  return audience;
}

/** An equality that connections must fulfil to be in an audience, if there is one. */
export function equalityOf(audience: Audience): Equality | null {
  return readyOf(audience).equality;
}

/** A filter made ready: whether a connection is meant. Never throws. */
export function compileFilter(
  filter: unknown,
  log: { readonly isShared: boolean },
  report: Report,
): (connection: StreamConnection) => boolean {
  if (typeof filter !== "function") return ofMatcher(compileMatcher(filter));
  if (log.isShared) {
    throw new SseHubTypeError(
      "ERR_SSE_FILTER",
      "The filter is a predicate, and the log is shared by several processes: a function cannot travel. " +
        'Expected a matcher: write { field: value }, or broadcast to a room with hub.to("…").',
    );
  }
  return ofPredicate(filter as Predicate, report);
}

/**
 * Whether an entry is for a connection: the only rule, for live delivery, replay and readers that
 * are behind alike. A room joined after the entry does not count; a leave counts at once.
 *
 * @param at counts the rooms as they were at that position, the entry's own unless told
 */
export function reaches(
  entry: LogEntry,
  connection: StreamConnection,
  at = entry.position,
): boolean {
  const { rooms, except } = entry.audience;
  if (except === connection.id) return false;
  if (rooms !== null && !rooms.some((room) => connection.wasIn(room, at))) return false;
  const { test } = readyOf(entry.audience);
  return test === null || test(connection);
}

/** True when every connection is meant, so that nobody needs to be asked. */
export function isForEverybody({ rooms, filter, except }: Audience): boolean {
  return rooms === null && filter === null && except === null;
}

/** Checks the rooms of a broadcast. @throws SseHubTypeError `ERR_SSE_ROOM` */
export function roomsOf(before: readonly string[] | null, rooms: readonly string[]): string[] {
  checkRooms(rooms);
  if (rooms.length === 0) {
    throw new SseHubTypeError(
      "ERR_SSE_ROOM",
      "to() was called without a room. Expected one or more: leave to() out to reach everybody.",
    );
  }
  return [...new Set([...(before ?? []), ...rooms])];
}

interface Ready {
  readonly test: ((connection: StreamConnection) => boolean) | null;
  readonly equality: Equality | null;
}

const UNFILTERED: Ready = { test: null, equality: null };

// Beside the audience, not in it: an audience is plain data that a log may write down.
const ready = new WeakMap<Audience, Ready>();

// An audience that comes from elsewhere, with a log that writes them down, is made ready here. What
// cannot be understood matches nobody.
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
  const tell = (message: string, cause?: unknown) => {
    if (hasReported) return;
    hasReported = true;
    report(new SseHubError("ERR_SSE_FILTER", message, { cause }));
  };
  return (connection) => {
    let answer: unknown;
    try {
      answer = predicate(connection);
    } catch (cause) {
      tell("A predicate threw. The connections it threw for were skipped.", cause);
      return false;
    }
    if (isThenable(answer)) {
      answer.then(undefined, () => undefined);
      tell(
        `A predicate gave ${describe(answer)}, and the hub does not wait. Nobody was reached: ` +
          "look up what it needs before broadcast(), or keep it in the user.",
      );
    }
    return answer === true;
  };
}
