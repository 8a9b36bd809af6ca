import { follow, type FollowedRun, type FollowOptions } from "../client/index.js";

// A component that moves, or that StrictMode mounts twice, takes the same connection again.
const LINGER_MS = 500;

interface Open {
  readonly run: FollowedRun;
  users: number;
  closing?: ReturnType<typeof setTimeout>;
}

// By URL. Only subscriptions put anything here, so it is empty on a server.
const runs = new Map<string, Open>();

/** The run of a URL, if a component follows it. */
export function openRun(url: string): FollowedRun | undefined {
  return runs.get(url)?.run;
}

/** Follows the run of a URL, or takes the one that is followed. Gives what undoes that. */
export function takeRun(
  url: string,
  options: FollowOptions,
): {
  readonly run: FollowedRun;
  readonly release: () => void;
} {
  const open = runs.get(url) ?? { run: follow(url, options), users: 0 };
  runs.set(url, open);
  clearTimeout(open.closing);
  open.users += 1;
  const release = () => {
    open.users -= 1;
    if (open.users > 0) return;
    open.closing = setTimeout(() => {
      open.run.close();
      runs.delete(url);
    }, LINGER_MS);
  };
  return { run: open.run, release };
}
