import { ReturningReader } from "../support/returning-reader.js";
import type { Shop } from "../support/shop.js";
import { post } from "./cluster.js";

/** What came of the trials. */
export interface NodeOutcomes {
  readonly count: number;
  /** What readers were told and must not, or were not told and must. */
  readonly wrong: string[];
  /** How long after the answer the streams on the other nodes ended. */
  readonly summary: string;
}

/**
 * One administrator with a stream on each node, who is none any more, again and again with others. The
 * change is answered by one node, and what must not be told is sent by another, at once.
 */
export async function runNodeTrials(
  nodes: readonly Shop[],
  path: "/demote" | "/logout",
  { count, atOnce, seed }: { count: number; atOnce: number; seed: number },
): Promise<NodeOutcomes> {
  const witnesses = await openWitnesses(nodes);
  const [wrong, lateMs]: [string[], number[]] = [[], []];
  let next = 0;
  const worker = async () => {
    while (next < count) await new NodeTrial(nodes, path, seed + next++).run(wrong, lateMs);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  for (const witness of witnesses) {
    const told = new Set(witness.dataOf("secret"));
    if (told.size !== count || witness.events.length !== count * 2) wrong.push("a witness");
    if (witness.streams.length > 1) wrong.push("a witness was sent away");
  }
  return { count: next, wrong, summary: summaryOf(lateMs) };
}

// An administrator who stays one, on each node.
async function openWitnesses(nodes: readonly Shop[]): Promise<ReturningReader[]> {
  const user = { login: "witness", profile: "Administrator" };
  return Promise.all(
    nodes.map(async (node) =>
      ReturningReader.open(node.url, "/events", { cookie: await node.signIn(user) }),
    ),
  );
}

class NodeTrial {
  readonly #nodes: readonly Shop[];
  readonly #path: "/demote" | "/logout";
  readonly #seed: number;
  readonly #login: string;

  constructor(nodes: readonly Shop[], path: "/demote" | "/logout", seed: number) {
    this.#nodes = nodes;
    this.#path = path;
    this.#seed = seed;
    this.#login = `admin${seed}`;
  }

  async run(wrong: string[], lateMs: number[]): Promise<void> {
    const login = this.#login;
    const cookie = await this.#node(2).signIn({ login, profile: "Administrator" });
    const readers = await Promise.all(
      [0, 1, 2].map((n) => ReturningReader.open(this.#node(n).url, "/events", { cookie })),
    );
    const ends = readers.slice(1).map(({ streams }) => endOf(streams[0]?.closed));
    await post(this.#node(0), this.#path, cookie);
    const answeredAt = performance.now();
    const sent = this.#node(1 + (this.#seed % 2)).hub;
    await sent.broadcast("secret", login, { profile: "Administrator" });
    await sent.broadcast("mark", login);
    await Promise.all(readers.map((reader) => reader.has("mark", login)));
    for (const at of await Promise.all(ends)) lateMs.push(Math.max(0, at - answeredAt));
    for (const [n, reader] of readers.entries()) {
      reader.leave();
      const marks = reader.dataOf("mark").filter((data) => data === login);
      if (reader.dataOf("secret").includes(login)) wrong.push(`${login} was told on ${n}`);
      if (marks.length !== 1) wrong.push(`${login} was told ${marks.length} times on ${n}`);
    }
  }

  #node(n: number): Shop {
    return this.#nodes[(this.#seed + n) % this.#nodes.length] as Shop;
  }
}

async function endOf(closed: Promise<unknown> | undefined): Promise<number> {
  await closed;
  return performance.now();
}

function summaryOf(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor((sorted.length - 1) * part)] ?? NaN).toFixed(1);
  return `streams elsewhere end ${at(0.5)} ms (p50), ${at(0.99)} ms (p99) after the answer`;
}
