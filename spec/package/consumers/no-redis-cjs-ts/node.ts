// A node in TypeScript with CommonJS that has not installed the package redis.
import { createHub, type SseHubError } from "express-sse-hub";
import { redisLog } from "express-sse-hub/redis";

async function main(): Promise<void> {
  const hub = createHub({ log: redisLog({ url: "redis://localhost", deadlineMs: 2_000 }) });
  hub.on("error", () => undefined);
  const error: SseHubError = await hub.broadcast("message", "hello").catch((thrown) => thrown);
  const { message } = error.cause as Error;
  console.log(`${error.code}, ${String(error.outcome)}: ${message}`);
  await hub.close();
}

void main();
