import type { User } from "../user/user.js";
import {
  MAX_DEPTH,
  compileOperators,
  compileValue,
  isPlain,
  type Found,
} from "./matcher-operators.js";
import { known, refused } from "./matcher-refusal.js";

/** A compiled matcher: tests a user, and never throws. */
export type Test = (user: User) => boolean;

/**
 * Checks and compiles a matcher. Later changes to the matcher have no effect.
 *
 * @throws SseHubTypeError `ERR_SSE_FILTER` with the path, what it holds and what is expected there
 */
export function compileMatcher(matcher: unknown): Test {
  return compileObject(matcher, "", 0);
}

function compileObject(matcher: unknown, at: string, depth: number): Test {
  if (depth > MAX_DEPTH) throw refused(at, matcher, `at most ${MAX_DEPTH} levels`);
  if (!isPlain(matcher)) throw refused(at, matcher, "a plain object of conditions");
  if (Object.getOwnPropertySymbols(matcher).length > 0) {
    throw refused(at, matcher, "field names that are strings");
  }
  const entries = Object.entries(matcher);
  if (entries.length === 0) {
    const remedy = "To send to all connections, leave the filter out";
    throw refused(at, matcher, "at least one condition", remedy);
  }
  return every(
    entries.map(([key, value]) =>
      key.startsWith("$")
        ? compileList(key, value, join(at, key), depth)
        : compileField(key, value, join(at, key)),
    ),
  );
}

const combinations: Readonly<Record<string, ((tests: readonly Test[]) => Test) | undefined>> = {
  __proto__: null as never,
  $and: every,
  $or: some,
  $nor: (tests) => not(some(tests)),
};

function compileList(key: string, list: unknown, at: string, depth: number): Test {
  const combine = combinations[key];
  if (combine === undefined) {
    throw refused(at, list, `${known(combinations)} here, and other operators under a field`);
  }
  if (!Array.isArray(list) || list.length === 0) {
    throw refused(at, list, "an array of matchers that is not empty");
  }
  return combine(
    Array.from(list, (item: unknown, index) => compileObject(item, `${at}[${index}]`, depth + 1)),
  );
}

const FORBIDDEN = new Set(["", "__proto__", "constructor", "prototype"]);

function compileField(path: string, condition: unknown, at: string): Test {
  const segments = path.split(".");
  if (segments.some((segment) => FORBIDDEN.has(segment))) {
    throw refused(at, condition, "a path of field names without __proto__, constructor, prototype");
  }
  if (segments.length > MAX_DEPTH) throw refused(at, condition, `at most ${MAX_DEPTH} levels`);
  const holds = isPlain(condition) ? compileOperators(condition, at) : compileValue(condition, at);
  return (user) => holds(lookUp(user, segments));
}

/** A condition that one field must equal one of these values. */
export interface Equality {
  readonly path: string;
  readonly values: readonly unknown[];
}

/**
 * Finds an equality that must hold for a matcher to match, so that connections can be looked up by it; `null` if
 * there is none. The matcher must have passed {@link compileMatcher}.
 */
export function findEquality(matcher: object): Equality | null {
  for (const [path, condition] of Object.entries(matcher) as Array<[string, unknown]>) {
    if (path.startsWith("$")) continue;
    if (!isPlain(condition)) return { path, values: [condition] };
    const { $eq, $in } = condition as { $eq?: unknown; $in?: readonly unknown[] };
    if ($eq !== undefined) return { path, values: [$eq] };
    if ($in !== undefined) return { path, values: [...$in] };
  }
  return null;
}

/** The values at a path of a user. An array counts as its members. */
export function valuesAt(user: User, segments: readonly string[]): readonly unknown[] {
  return lookUp(user, segments).values;
}

// An array counts as its members, inside the path and at its end. Inherited fields do not count.
function lookUp(user: User, segments: readonly string[]): Found {
  let value: unknown = user;
  for (const segment of segments) {
    if (Array.isArray(value)) return lookUpMembers(user, segments);
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) {
      return NOTHING;
    }
    value = (value as Record<string, unknown>)[segment];
  }
  return Array.isArray(value)
    ? { values: value, arrays: [value] }
    : { values: [value], arrays: [] };
}

const NOTHING: Found = { values: [], arrays: [] };

// For a path through an array, which branches: slower, and seldom needed.
function lookUpMembers(user: User, segments: readonly string[]): Found {
  let level: unknown[] = [user];
  for (const segment of segments) {
    level = level
      .flat()
      .filter((value) => typeof value === "object" && value !== null)
      .filter((value) => Object.hasOwn(value, segment))
      .map((value) => (value as Record<string, unknown>)[segment]);
  }
  return { values: level.flat(), arrays: level.filter(Array.isArray) };
}

function every(tests: readonly Test[]): Test {
  return (user) => tests.every((test) => test(user));
}

function some(tests: readonly Test[]): Test {
  return (user) => tests.some((test) => test(user));
}

function not(test: Test): Test {
  return (user) => !test(user);
}

function join(at: string, key: string): string {
  return at === "" ? key : `${at}.${key}`;
}
