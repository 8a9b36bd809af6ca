// A node in TypeScript with ES modules that has installed neither the package pg nor its types.
import { createHub, type SseHubError } from "express-sse-hub";
import { postgresLog } from "express-sse-hub/postgres";

async function main(): Promise<void> {
  const connectionString = "postgres://localhost/none";
  const hub = createHub({ log: postgresLog({ connectionString, deadlineMs: 2_000 }) });
  hub.on("error", () => undefined);
  const error: SseHubError = await hub.broadcast("message", "hello").catch((thrown) => thrown);
  const { message } = error.cause as Error;
  console.log(`${error.code}, ${String(error.outcome)}: ${message}`);
  await hub.close();
}

void main();
