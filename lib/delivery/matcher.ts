import { SseHubTypeError, describe } from "../sse-hub-error.js";
import type { User } from "../user.js";

type Scalar = string | number | boolean | null;

/** The operators a field of a {@link Matcher} may carry, for a field whose members are `V`. */
export interface Operators<V = Scalar> {
  /** One member equals it. */
  $eq?: V;
  /** The field exists and no member equals it. */
  $ne?: V;
  /** One member is in the list. */
  $in?: readonly V[];
  /** The field exists and no member is in the list. */
  $nin?: readonly V[];
  /** One member is of the same type (number or string) and greater. */
  $gt?: V & (string | number);
  /** One member is of the same type (number or string) and greater or equal. */
  $gte?: V & (string | number);
  /** One member is of the same type (number or string) and less. */
  $lt?: V & (string | number);
  /** One member is of the same type (number or string) and less or equal. */
  $lte?: V & (string | number);
  /** The field exists, or does not. */
  $exists?: boolean;
  /** Every value of the list is a member. */
  $all?: readonly V[];
  /** The field is an array of this length. */
  $size?: number;
  /** The field exists and these operators do not hold. */
  $not?: Operators<V>;
}

/**
 * Who is meant, as plain data in MongoDB's query syntax over the user: dotted paths, arrays seen as
 * their members, all conditions must hold.
 *
 * ```ts
 * { profile: "Administrator" }
 * { "team.id": { $in: [3, 4] }, age: { $gte: 18 } }
 * { $or: [{ profile: "Administrator" }, { roles: "support" }] }
 * ```
 *
 * It fails closed where MongoDB does not: a comparison needs both sides of one type, `$ne`, `$nin`
 * and `$not` need the field to exist, and a connection without a user is never reached.
 */
export type Matcher = Fields<User> & {
  $and?: readonly Matcher[];
  $or?: readonly Matcher[];
  $nor?: readonly Matcher[];
};

type Fields<U> = string extends keyof U
  ? { readonly [path: string]: unknown }
  : { [P in Path<U>]?: Condition<Extract<MembersAt<U, P>, Scalar>> };

type Condition<V> = [V] extends [never] ? Operators<never> : V | Operators<V>;

/** Dotted paths through objects and the members of arrays, five fields deep. */
type Path<T, Depth extends readonly unknown[] = []> = Depth["length"] extends 5
  ? never
  : T extends Scalar | undefined
    ? never
    : T extends readonly (infer Item)[]
      ? Path<Item, Depth>
      : {
          [K in keyof T & string]: K | `${K}.${Path<T[K], readonly [...Depth, 1]>}`;
        }[keyof T & string];

type MembersAt<T, P extends string> = T extends readonly (infer Item)[]
  ? MembersAt<Item, P>
  : P extends keyof T
    ? Members<T[P]>
    : P extends `${infer K}.${infer Rest}`
      ? K extends keyof T
        ? MembersAt<NonNullable<T[K]>, Rest>
        : never
      : never;

type Members<V> = V extends readonly (infer Item)[] ? Item : V;

/** A matcher made ready: whether a user is meant. */
export type Test = (user: User) => boolean;

/**
 * Checks a matcher and makes it ready. What it holds is copied: changing it later changes nothing.
 *
 * @throws SseHubTypeError `ERR_SSE_FILTER` naming the path and what would be right
 */
export function compileMatcher(matcher: unknown): Test {
  return compileObject(matcher, "", 0);
}

// Deeper than any condition somebody writes, and far from what recursion can take.
const MAX_DEPTH = 32;

function compileObject(matcher: unknown, at: string, depth: number): Test {
  if (depth > MAX_DEPTH) throw refused(at, matcher, `at most ${String(MAX_DEPTH)} levels`);
  const entries = entriesOf(matcher, at);
  if (entries.length === 0) {
    throw refused(at, matcher, "at least one condition", "Leave the filter out to reach everybody");
  }
  return every(
    entries.map(([key, value]) => {
      const path = at === "" ? key : `${at}.${key}`;
      const combine = logical[key];
      if (combine !== undefined) return compileList(key, value, path, depth, combine);
      if (key.startsWith("$")) throw refused(path, value, `one of ${known(logical)}, or a field`);
      return compileField(key, value, path);
    }),
  );
}

const logical: Readonly<Record<string, ((tests: readonly Test[]) => Test) | undefined>> = {
  __proto__: null as never,
  $and: every,
  $or: some,
  $nor: (tests) => not(some(tests)),
};

function compileList(
  key: string,
  list: unknown,
  path: string,
  depth: number,
  combine: (tests: readonly Test[]) => Test,
): Test {
  if (!Array.isArray(list) || list.length === 0) {
    throw refused(path, list, `an array of matchers that is not empty after ${key}`);
  }
  return combine(
    Array.from(list, (item: unknown, index) =>
      compileObject(item, `${path}[${String(index)}]`, depth + 1),
    ),
  );
}

function compileField(path: string, condition: unknown, at: string): Test {
  const segments = path.split(".");
  if (segments.some((segment) => segment === "" || FORBIDDEN.has(segment))) {
    throw refused(at, condition, "a path of field names without __proto__, constructor, prototype");
  }
  const holds = isPlain(condition)
    ? compileOperators(condition, at)
    : equals(scalar(condition, at));
  return (user) => holds(lookUp(user, segments));
}

const FORBIDDEN = new Set(["__proto__", "constructor", "prototype"]);

/** What a path leads to: `values` with arrays opened, `arrays` as they are. Both empty: no such field. */
interface Found {
  readonly values: readonly unknown[];
  readonly arrays: ReadonlyArray<readonly unknown[]>;
}

type Holds = (found: Found) => boolean;

function compileOperators(condition: object, at: string): Holds {
  const entries = entriesOf(condition, at);
  if (entries.length === 0) throw refused(at, condition, "a value or operators");
  const [first = ""] = entries.map(([key]) => key).filter((key) => !key.startsWith("$"));
  if (first !== "") {
    throw refused(at, condition, "a value or operators", `Write the dotted form "${at}.${first}"`);
  }
  const all = entries.map(([key, operand]) => {
    const compile = operators[key];
    if (compile === undefined) throw refused(`${at}.${key}`, operand, `one of ${known(operators)}`);
    return compile(operand, `${at}.${key}`);
  });
  return (found) => all.every((holds) => holds(found));
}

const operators: Readonly<Record<string, ((operand: unknown, at: string) => Holds) | undefined>> = {
  __proto__: null as never,
  $eq: (operand, at) => equals(scalar(operand, at)),
  $ne: (operand, at) => existsBut(equals(scalar(operand, at))),
  $in: (operand, at) => isIn(scalars(operand, at)),
  $nin: (operand, at) => existsBut(isIn(scalars(operand, at))),
  $gt: (operand, at) => compares(comparable(operand, at), (a, b) => a > b),
  $gte: (operand, at) => compares(comparable(operand, at), (a, b) => a >= b),
  $lt: (operand, at) => compares(comparable(operand, at), (a, b) => a < b),
  $lte: (operand, at) => compares(comparable(operand, at), (a, b) => a <= b),
  $exists: (operand, at) => {
    if (typeof operand !== "boolean") throw refused(at, operand, "true or false");
    return (found) => exists(found) === operand;
  },
  $all: (operand, at) => {
    const all = scalars(operand, at).map(equals);
    return (found) => all.every((holds) => holds(found));
  },
  $size: (operand, at) => {
    if (!Number.isSafeInteger(operand) || (operand as number) < 0) {
      throw refused(at, operand, "a whole number of members, 0 or more");
    }
    return ({ arrays }) => arrays.some((array) => array.length === operand);
  },
  $not: (operand, at) => {
    if (!isPlain(operand)) throw refused(at, operand, "an object of operators");
    return existsBut(compileOperators(operand, at));
  },
};

function equals(operand: Scalar): Holds {
  return ({ values }) => values.includes(operand);
}

function isIn(operands: readonly Scalar[]): Holds {
  const set = new Set<unknown>(operands);
  return ({ values }) => values.some((value) => set.has(value));
}

function compares(
  operand: string | number,
  holds: (value: string | number, operand: string | number) => boolean,
): Holds {
  return ({ values }) =>
    values.some((value) => typeof value === typeof operand && holds(value as never, operand));
}

function existsBut(holds: Holds): Holds {
  return (found) => exists(found) && !holds(found);
}

function exists({ values, arrays }: Found): boolean {
  return values.length > 0 || arrays.length > 0;
}

function lookUp(user: User, segments: readonly string[]): Found {
  let level: unknown[] = [user];
  for (const segment of segments) {
    level = level
      .flatMap((value) => value)
      .filter((value) => typeof value === "object" && value !== null)
      .filter((value) => Object.hasOwn(value, segment))
      .map((value) => (value as Record<string, unknown>)[segment]);
  }
  return { values: level.flatMap((value) => value), arrays: level.filter(Array.isArray) };
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

function entriesOf(value: unknown, at: string): Array<[string, unknown]> {
  if (!isPlain(value)) throw refused(at, value, "a plain object of conditions");
  if (Object.getOwnPropertySymbols(value).length > 0) {
    throw refused(at, value, "field names that are strings");
  }
  return Object.entries(value);
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of another realm has an Object.prototype of its own, which has no prototype either.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function scalar(value: unknown, at: string): Scalar {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  const remedy = Array.isArray(value)
    ? "For one of several values write { $in: […] }, for all of them { $all: […] }"
    : value instanceof Date
      ? "The user holds what JSON keeps of a date: compare with date.toISOString()"
      : undefined;
  throw refused(at, value, "a string, finite number, boolean or null", remedy);
}

function scalars(value: unknown, at: string): Scalar[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw refused(at, value, "an array of values that is not empty");
  }
  return Array.from(value, (item: unknown, index) => scalar(item, `${at}[${String(index)}]`));
}

function comparable(value: unknown, at: string): string | number {
  const operand = scalar(value, at);
  if (typeof operand === "string" || typeof operand === "number") return operand;
  throw refused(at, value, "a string or a finite number");
}

function known(table: Readonly<Record<string, unknown>>): string {
  return Object.keys(table).join(" ");
}

function refused(at: string, given: unknown, expected: string, remedy?: string): SseHubTypeError {
  return new SseHubTypeError(
    "ERR_SSE_FILTER",
    `The matcher holds ${describe(given)}${at === "" ? "" : ` at ${at}`}. ` +
      `Expected ${expected}.${remedy === undefined ? "" : ` ${remedy}.`}`,
  );
}
