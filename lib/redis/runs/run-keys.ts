import type { RunHeader } from "../../log/run-store.js";

/** The names of all keys of runs. They share the hash tag of their log. */
export interface RunKeys {
  /** Sorted set: the ids of the runs, by the time until which they are kept. */
  readonly index: string;
  /** Hash: the newest run with an id. */
  metaOf(id: string): string;
  /** Stream: the events of one run, and its end. */
  recordOf(run: Pick<RunHeader, "id" | "token">): string;
  /** Stream: wakes a reader that waits, because it has another run to read. */
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
