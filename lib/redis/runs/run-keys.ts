import type { RunHeader } from "../../log/run-store.js";

/** Names of all that runs keep in Redis. They share the hash tag of their log. */
export interface RunKeys {
  /** Sorted set: the ids of the runs, by when they are forgotten. */
  readonly index: string;
  /** Hash: what is known of the run that has an id now. */
  metaOf(id: string): string;
  /** Stream: the events of one run, and its end. */
  recordOf(run: Pick<RunHeader, "id" | "token">): string;
  /** Stream: tells a reader that waits that there is more to wait for. */
  wakeOf(node: string): string;
}

export function runKeysOf(name: string): RunKeys {
  const key = (part: string) => `{${name}}:${part}`;
  return {
    index: key("runs"),
    metaOf: (id) => key(`run:${id}`),
    recordOf: ({ id, token }) => key(`run:${id}:${token}`),
    wakeOf: (node) => key(`wake:${node}`),
  };
}
