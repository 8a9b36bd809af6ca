import { SseHubError, SseHubTypeError } from "../errors/sse-hub-error.js";
import { readCommand } from "./command.js";
import { publish } from "./publish.js";
import { tail } from "./tail.js";
import { USAGE, UsageError } from "./usage.js";

/** Runs `express-sse-hub` with these arguments. Resolves with the exit code: 2 if the arguments are wrong. */
export async function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  try {
    const command = readCommand(args);
    if (command.kind === "help") process.stdout.write(USAGE);
    else if (command.kind === "publish") process.stdout.write(`${await publish(command)}\n`);
    else await tail(command, signal);
    return 0;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return error instanceof UsageError || error instanceof SseHubTypeError ? 2 : 1;
  }
}

function messageOf(error: unknown): string {
  if (error instanceof UsageError) return `${error.message}\n\n${USAGE.trimEnd()}`;
  if (error instanceof SseHubTypeError) return error.message;
  if (!(error instanceof SseHubError)) return String(error);
  const { code, message, cause } = error;
  return `${code}: ${message}${cause instanceof Error ? ` Cause: ${cause.message}` : ""}`;
}
