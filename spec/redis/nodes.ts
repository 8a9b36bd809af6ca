import { createClient } from "redis";
import type { EventLog } from "express-sse-hub";
import { redisLog, type RedisLogOptions } from "express-sse-hub/redis";
import { onTestEnd } from "../support/disposers.js";
import { LogWitness } from "../support/log-witness.js";

/** A node: its log, and what a reader there is given. */
export interface Node {
  readonly log: EventLog;
  readonly witness: LogWitness;
}

/** Starts a node and waits until it reads. It is closed with the test. */
export async function startNode(options: RedisLogOptions): Promise<Node> {
  const node = startNodeSoon(options);
  await node.log.catchUp();
  node.witness.record.length = 0;
  return node;
}

/** Starts a node whose Redis may be away. It is closed with the test. */
export function startNodeSoon(options: RedisLogOptions): Node {
  const log = redisLog(options);
  onTestEnd(() => log.close());
  return { log, witness: new LogWitness(log) };
}

/** Somebody at the command line of a Redis. */
export async function connectTo(url: string): Promise<(...args: string[]) => Promise<unknown>> {
  const client = createClient({ url });
  client.on("error", () => undefined);
  await client.connect();
  onTestEnd(() => {
    if (client.isOpen) client.destroy();
  });
  return (...args) => client.sendCommand(args);
}
