import type { FoundRun } from "../run/follower.js";
import { isRunFor } from "../run/run-audience.js";
import type { Runs } from "../run/runs.js";
import type { User } from "../user/user.js";

/** A run, and the user it may be shown to. */
export interface FoundForUser {
  readonly run: FoundRun;
  readonly user: User | undefined;
}

/**
 * Looks for a run that this user may see. `null` if there is no such run, or if it is for other users. Returns no
 * promise if the run and the user are known at once. Rejects if the user function or the log fails.
 */
export function findRun(
  runs: Pick<Runs, "find">,
  id: string,
  user: User | undefined | Promise<User | undefined>,
): FoundForUser | null | Promise<FoundForUser | null> {
  const found = runs.find(id);
  if (!(found instanceof Promise) && !(user instanceof Promise)) return judge(found, user);
  return Promise.all([found, user]).then(([run, who]) => judge(run, who));
}

function judge(run: FoundRun | null, user: User | undefined): FoundForUser | null {
  return run !== null && isRunFor(run.header, user) ? { run, user } : null;
}
