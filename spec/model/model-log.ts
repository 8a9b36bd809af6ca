import { setTimeout as wait } from "node:timers/promises";
import type { NodesWorld } from "./nodes-world.js";
import type { Random } from "./random.js";

/** How a node reaches the log: by a URL, with a cluster client of a library, or in PostgreSQL. */
export type LogAddress =
  | { readonly url: string }
  | { readonly connectionString: string }
  | { readonly library: "redis" | "ioredis"; readonly ports: number[] };

/** Something that goes wrong, until it is well again. */
export type Fault = (world: NodesWorld) => Promise<void>;

/** The servers of a model's log, and what goes wrong there. They end with the test. */
export interface ModelLog {
  /** For one node after another, and again from the first. */
  readonly addresses: readonly LogAddress[];
  /** The faults of one round by their names. */
  drawFaults(): Array<readonly [name: string, fault: Fault]>;
}

/** Starts the servers of a log. */
export type StartLog = (random: Random) => Promise<ModelLog>;

export const killNode: Fault = async ({ random, nodes }) => {
  const node = random.pick(nodes);
  await node.kill();
  await wait(random.below(300));
  await node.run();
};

export const holdNode: Fault = async ({ random, nodes }) => {
  const node = random.pick(nodes);
  node.stop();
  await wait(100 + random.below(800));
  node.goOn();
};
