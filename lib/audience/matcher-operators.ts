import type { Scalar } from "./matcher.js";
import { known, refused } from "./matcher-refusal.js";

/**
 * What a user holds at a path: `values` with arrays replaced by their members, `arrays` as they are. If both are
 * empty, the field does not exist.
 */
export interface Found {
  readonly values: readonly unknown[];
  readonly arrays: ReadonlyArray<readonly unknown[]>;
}

/** A compiled condition: tests what a user holds at its path. */
export type Holds = (found: Found) => boolean;

/** Compiles a plain value as condition: one member must equal it. */
export function compileValue(value: unknown, at: string): Holds {
  return equals(scalar(value, at));
}

// Deeper than any real condition, and far below the limit of recursion.
export const MAX_DEPTH = 32;

/** Compiles an object of operators as condition: all of them must hold. */
export function compileOperators(condition: object, at: string, depth = 0): Holds {
  if (depth > MAX_DEPTH) throw refused(at, condition, `at most ${MAX_DEPTH} levels`);
  const entries = Object.entries(condition);
  if (entries.length === 0) throw refused(at, condition, "a value or operators");
  const nested = entries.find(([key]) => !key.startsWith("$"));
  if (nested !== undefined) {
    throw refused(
      at,
      condition,
      "a value or operators",
      `Write the dotted form "${at}.${nested[0]}"`,
    );
  }
  const all = entries.map(([key, operand]) => {
    const compile = operators[key];
    if (compile === undefined) throw refused(`${at}.${key}`, operand, `one of ${known(operators)}`);
    return compile(operand, `${at}.${key}`, depth);
  });
  return (found) => all.every((holds) => holds(found));
}

// Each operator checks its operand and returns its condition. Every condition fails closed.
const operators: Readonly<
  Record<string, ((operand: unknown, at: string, depth: number) => Holds) | undefined>
> = {
  __proto__: null as never,
  $eq: (operand, at) => equals(scalar(operand, at)),
  $ne: (operand, at) => existsBut(equals(scalar(operand, at))),
  $in: (operand, at) => isIn(scalars(operand, at)),
  $nin: (operand, at) => existsBut(isIn(scalars(operand, at))),
  $gt: (operand, at) => compares(comparable(operand, at), (value, bound) => value > bound),
  $gte: (operand, at) => compares(comparable(operand, at), (value, bound) => value >= bound),
  $lt: (operand, at) => compares(comparable(operand, at), (value, bound) => value < bound),
  $lte: (operand, at) => compares(comparable(operand, at), (value, bound) => value <= bound),
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
  $not: (operand, at, depth) => {
    if (!isPlain(operand)) throw refused(at, operand, "an object of operators");
    return existsBut(compileOperators(operand, at, depth + 1));
  },
};

function equals(operand: Scalar): Holds {
  return ({ values }) => values.includes(operand);
}

function isIn(operands: readonly Scalar[]): Holds {
  const set = new Set<unknown>(operands);
  return ({ values }) => values.some((value) => set.has(value));
}

// Values of different types never compare: "9" is not greater than 3. A missing field has no values.
function compares<T extends string | number>(
  bound: T,
  holds: (value: T, bound: T) => boolean,
): Holds {
  return ({ values }) =>
    values.some((value) => typeof value === typeof bound && holds(value as T, bound));
}

function existsBut(holds: Holds): Holds {
  return (found) => exists(found) && !holds(found);
}

function exists({ values, arrays }: Found): boolean {
  return values.length > 0 || arrays.length > 0;
}

/** True for a plain object, as a literal or JSON makes it, of any realm. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function scalar(value: unknown, at: string): Scalar {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  const remedy = Array.isArray(value)
    ? "For one of several values write { $in: […] }, for all of them { $all: […] }"
    : value instanceof Date
      ? "The user holds a date as JSON text: compare with date.toISOString()"
      : undefined;
  throw refused(at, value, "a string, finite number, boolean or null", remedy);
}

function scalars(value: unknown, at: string): Scalar[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw refused(at, value, "an array of values that is not empty");
  }
  return Array.from(value, (item: unknown, index) => scalar(item, `${at}[${index}]`));
}

function comparable(value: unknown, at: string): string | number {
  const operand = scalar(value, at);
  if (typeof operand === "string" || typeof operand === "number") return operand;
  throw refused(at, value, "a string or a finite number");
}
