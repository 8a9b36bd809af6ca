/** Names of all that one log keeps in Redis. They share a hash tag, so that a cluster keeps them together. */
export interface Keys {
  /** Stream: the entries. */
  readonly log: string;
  /** Hash: the life of the log, its head and what trimming needs to know. */
  readonly meta: string;
  /** List: where segments of the stream begin, so that trimming need not read entries. */
  readonly marks: string;
  /** Hash: the newest entry of each retain key. */
  readonly kept: string;
  /** Sorted set: the retain keys, the longest untouched first. */
  readonly order: string;
  /** Sorted set: the nodes, by when they were last there. */
  readonly nodes: string;
  /** String: what a node has appended last. */
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
