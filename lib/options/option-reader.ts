import { distance } from "fastest-levenshtein";
import { SseHubTypeError, describe } from "../errors/sse-hub-error.js";

/** Returns the value of one option, or its default. Throws if the value does not pass the check. */
export interface ReadOption {
  <T>(key: string, expected: string, check: Check<T>): T | undefined;
  <T>(key: string, expected: string, check: Check<T>, preset: T): T;
}

/**
 * Returns a function that reads the options of a call, each with its default. An unknown key is an error that
 * names the nearest known option.
 *
 * @param owner the name of the call without parentheses, for the messages
 *
 * @throws SseHubTypeError `ERR_SSE_OPTION`
 */
export function optionReader(owner: string, options: unknown, keys: readonly string[]): ReadOption {
  if (!isObject(options)) {
    throw new SseHubTypeError(
      "ERR_SSE_OPTION",
      `The options of ${owner}() are ${describe(options)}. Expected an object of: ${keys.join(", ")}.`,
    );
  }
  for (const key of Object.keys(options)) {
    if (!keys.includes(key)) throw unknownKey(owner, key, keys);
  }
  return <T>(key: string, expected: string, check: Check<T>, preset?: T) => {
    const value = (options as Record<string, unknown>)[key];
    if (value === undefined) return preset;
    if (!check(value)) throw refusedOption(owner, key, value, expected);
    return value as T;
  };
}

function unknownKey(owner: string, key: string, keys: readonly string[]): SseHubTypeError {
  const [nearest = ""] = keys.toSorted((a, b) => distance(key, a) - distance(key, b));
  return new SseHubTypeError(
    "ERR_SSE_OPTION",
    `${owner}() does not know the option ${describe(key)}. Did you mean ${nearest}? ` +
      `It knows: ${keys.join(", ")}.`,
  );
}

/** The error for an option with a wrong value. */
export function refusedOption(
  owner: string,
  key: string,
  value: unknown,
  expected: string,
): SseHubTypeError {
  return new SseHubTypeError(
    "ERR_SSE_OPTION",
    `The option ${key} of ${owner}() is ${describe(value)}. Expected ${expected}.`,
  );
}

/** What {@link isTimer} accepts, in words, for messages. */
export const MILLISECONDS = "a whole number of milliseconds from 1 to 2147483647";

/** Whether a value is allowed for an option. */
export type Check<T> = (value: unknown) => value is T;

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

// A Node timer longer than 2^31 - 1 ms fires immediately.
export function isTimer(value: unknown): value is number {
  return isCount(value) && value <= 2_147_483_647;
}

export function orNull<T>(check: Check<T>): Check<T | null> {
  return (value): value is T | null => value === null || check(value);
}
