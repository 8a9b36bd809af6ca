import { distance } from "fastest-levenshtein";
import { describe } from "../errors/sse-hub-error.js";
import type { User } from "../user/user.js";
import { valuesAt } from "./compile-matcher.js";
import { isPlain } from "./matcher-operators.js";

// More paths than an application uses. Each is checked once.
const MAX_PATHS = 200;
const MAX_DEPTH = 4;

/**
 * Finds fields of matchers that no connected user has, for development. Such a field is mostly a typing error, and a
 * broadcast that is delivered to no one looks like any other. Each path is checked once, as soon as a user is
 * connected.
 */
export class FieldHints {
  readonly #users: () => readonly User[];
  readonly #warn: (hint: string) => void;
  readonly #seen = new Set<string>();

  /** @param users returns the users that are connected now */
  constructor(users: () => readonly User[], warn: (hint: string) => void) {
    this.#users = users;
    this.#warn = warn;
  }

  /** @param matcher a matcher that was compiled, or a predicate, which is ignored */
  look(matcher: unknown): void {
    const paths = [...pathsOf(matcher)].filter((path) => !this.#seen.has(path));
    if (paths.length === 0 || this.#seen.size >= MAX_PATHS) return;
    const users = this.#users();
    if (users.length === 0) return;
    for (const path of paths) {
      this.#seen.add(path);
      const isKnown = users.some((user) => valuesAt(user, path.split(".")).length > 0);
      if (!isKnown) this.#warn(hintFor(path, users));
    }
  }
}

function* pathsOf(matcher: unknown): Iterable<string> {
  if (!isPlain(matcher)) return;
  for (const [key, value] of Object.entries(matcher) as Array<[string, unknown]>) {
    if (Array.isArray(value) && key.startsWith("$")) {
      for (const part of value as unknown[]) yield* pathsOf(part);
    } else if (!(isPlain(value) && "$exists" in value)) {
      yield key;
    }
  }
}

function hintFor(path: string, users: readonly User[]): string {
  const names = [...new Set(users.flatMap((user) => [...fieldsOf(user, "", 0)]))];
  const [nearest] = names.toSorted((a, b) => distance(path, a) - distance(path, b));
  const isNear = nearest !== undefined && distance(path, nearest) <= Math.max(2, path.length / 3);
  const remedy = isNear
    ? `Did you mean ${nearest}?`
    : `They have: ${names.slice(0, 20).join(", ")}.`;
  return `A matcher uses ${describe(path)}, a field that no connected user has. ${remedy}`;
}

function* fieldsOf(value: unknown, at: string, depth: number): Iterable<string> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || depth > MAX_DEPTH)
    return;
  for (const [key, part] of Object.entries(value)) {
    yield at + key;
    yield* fieldsOf(part, `${at}${key}.`, depth + 1);
  }
}
