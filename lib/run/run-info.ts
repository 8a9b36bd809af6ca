import type { Matcher } from "../audience/matcher.js";
import type { RunHeader, StoredRun } from "../log/run-store.js";
import type { RunInfo } from "./run.js";

/** A run in the form that the application receives. */
export function infoOf(run: StoredRun, followers: number): RunInfo {
  const { id, state, since, events, bytes } = run;
  const audience = run.for === null ? "everybody" : (run.for as Matcher);
  return { id, state, for: audience, since, followers, events, bytes };
}

/**
 * Counts the streams that follow a run in the answers of all nodes. A node of another version may have answered
 * something else.
 */
export function followersIn(answers: readonly unknown[], { token }: RunHeader): number {
  return answers.reduce<number>((sum, answer) => {
    const count = (answer as Record<string, unknown> | null)?.[token];
    return sum + (typeof count === "number" ? count : 0);
  }, 0);
}
