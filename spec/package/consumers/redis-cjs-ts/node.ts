// A node in TypeScript with CommonJS: its log is in the Redis whose URL is its argument.
import assert from "node:assert/strict";
import { createHub, type EventLog } from "express-sse-hub";
import { publisher, redisLog, type Publisher, type RedisLogOptions } from "express-sse-hub/redis";
import { createClient } from "redis";

async function main(): Promise<void> {
  const [, , url = ""] = process.argv;
  const options: RedisLogOptions = { url, name: "cjs" };
  const log: EventLog = redisLog({ client: createClient({ url }), name: "cjs" });
  // @ts-expect-error -- no client of the package redis
  assert.throws(() => redisLog({ client: {} }), { code: "ERR_SSE_OPTION" });

  const hub = createHub({ log });
  const shop: Publisher = publisher(options);
  const first = await shop.broadcast("message", "hello", { profile: "Administrator" });
  const second = await hub.broadcast("message", "hello");
  assert.equal(first.split(".")[0], second.split(".")[0]);
  await shop.close();
  await hub.close();
  console.log("took hello twice");
}

void main();
