import type { Matcher } from "../audience/matcher.js";
import type { RunHeader, StoredRun } from "../log/run-store.js";
import type { RunInfo } from "./run.js";

/** A run as the application is told of it. */
export function infoOf(run: StoredRun, followers: number): RunInfo {
  const { id, state, since, events, bytes } = run;
  const meant = run.for === null ? "everybody" : (run.for as Matcher);
  return { id, state, for: meant, since, followers, events, bytes };
}

/** The streams that follow a run, of what all nodes have answered. A node of another version may have said anything. */
export function followersIn(answers: readonly unknown[], { token }: RunHeader): number {
  return answers.reduce<number>((sum, answer) => {
    const count = (answer as Record<string, unknown> | null)?.[token];
    return sum + (typeof count === "number" ? count : 0);
  }, 0);
}
