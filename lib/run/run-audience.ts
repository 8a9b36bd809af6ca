import { compileMatcher } from "../audience/compile-matcher.js";
import type { User } from "../user/user.js";
import type { RunHeader } from "../log/run-store.js";

/** True if a run is for this user. A run whose matcher this version does not understand is for no one. */
export function isRunFor({ for: matcher }: Pick<RunHeader, "for">, user: unknown): boolean {
  if (matcher === null) return true;
  if (typeof user !== "object" || user === null) return false;
  try {
    return compileMatcher(matcher)(user as User);
  } catch {
    return false;
  }
}
