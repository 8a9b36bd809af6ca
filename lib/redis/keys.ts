/** The names of all keys of one log. They share a hash tag, so that they are in one slot of a cluster. */
export interface Keys {
  /** Stream: the entries. */
  readonly log: string;
  /** Hash: the epoch of the log, its head and the numbers that trimming needs. */
  readonly meta: string;
  /** List: where segments of the stream begin, so that trimming does not have to read entries. */
  readonly marks: string;
  /** Hash: the newest entry of each retain key. */
  readonly kept: string;
  /** Sorted set: the retain keys, the least recently set first. */
  readonly order: string;
  /** Sorted set: the nodes, by the time at which they reported last. */
  readonly nodes: string;
  /** String: the last append of a node. */
  seenOf(node: string): string;
  /** List: the answers to a question. */
  repliesTo(question: string): string;
}

export function keysOf(name: string): Keys {
  const key = (part: string) => `{${name}}:${part}`;
  return {
    log: key("log"),
    meta: key("meta"),
    marks: key("marks"),
    kept: key("kept"),
    order: key("order"),
    nodes: key("nodes"),
    seenOf: (node) => key(`seen:${node}`),
    repliesTo: (question) => key(`replies:${question}`),
  };
}
