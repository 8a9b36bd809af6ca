import { distance } from "fastest-levenshtein";
import { describe } from "../errors/sse-hub-error.js";
import type { User } from "../user/user.js";
import { valuesAt } from "./compile-matcher.js";
import { isPlain } from "./matcher-operators.js";

// Paths are looked at once each, and an application has not so many.
const MAX_PATHS = 200;
const MAX_DEPTH = 4;

/**
 * Finds fields that a matcher asks for and no connected user has: mostly a slip of the pen, and a broadcast that
 * reaches nobody looks like any other. For development: each path is looked at once, as soon as somebody with a
 * user is connected.
 */
export class FieldHints {
  readonly #users: () => readonly User[];
  readonly #tell: (hint: string) => void;
  readonly #seen = new Set<string>();

  /** @param users those connected now */
  constructor(users: () => readonly User[], tell: (hint: string) => void) {
    this.#users = users;
    this.#tell = tell;
  }

  /** @param matcher one that was compiled, or a predicate, which is not looked at */
  look(matcher: unknown): void {
    const paths = [...pathsOf(matcher)].filter((path) => !this.#seen.has(path));
    if (paths.length === 0 || this.#seen.size >= MAX_PATHS) return;
    const users = this.#users();
    if (users.length === 0) return;
    for (const path of paths) {
      this.#seen.add(path);
      const isKnown = users.some((user) => valuesAt(user, path.split(".")).length > 0);
      if (!isKnown) this.#tell(hintFor(path, users));
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
  return `A matcher asks for ${describe(path)}, a field that no connected user has. ${remedy}`;
}

function* fieldsOf(value: unknown, at: string, depth: number): Iterable<string> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || depth > MAX_DEPTH)
    return;
  for (const [key, part] of Object.entries(value)) {
    yield at + key;
    yield* fieldsOf(part, `${at}${key}.`, depth + 1);
  }
}
