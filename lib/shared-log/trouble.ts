import { SseHubError } from "../errors/sse-hub-error.js";
import { ServerError } from "./server-error.js";

/** What is wrong between the log and its server. */
export interface Trouble {
  /** The same for what has the same remedy. */
  readonly kind: string;
  /** Which server, what is wrong, what to do. */
  readonly text: string;
}

/** A trouble that is known. */
export interface KnownTrouble {
  readonly kind: string;
  /** Tried on the message of the error. */
  readonly pattern: RegExp;
  /** Follows on "Redis at host:port ". */
  readonly what: string;
  readonly remedy: string;
}

const AWAY: Omit<KnownTrouble, "pattern"> = {
  kind: "away",
  what: "cannot be reached",
  remedy: "Check that it runs, and that host and port are right.",
};

/**
 * Gives what says what an error means and what the operator can do about it.
 *
 * @param engine name of the server, such as `Redis`
 * @param known the first that fits counts
 */
export function createTroubleOf(
  engine: string,
  known: readonly KnownTrouble[],
): (cause: unknown) => Trouble {
  return (cause) => {
    const { message } = cause as Error;
    const { kind, what, remedy } = known.find(({ pattern }) => pattern.test(message)) ?? AWAY;
    const server = cause instanceof ServerError ? ` at ${cause.server}` : "";
    return { kind, text: `${engine}${server} ${what} (${firstLine(message)}). ${remedy}` };
  };
}

/** The error that tells of a trouble. */
export function toError({ text }: Trouble, cause?: unknown): SseHubError {
  return new SseHubError("ERR_SSE_LOG", text, { cause });
}

function firstLine(message: string): string {
  const [line = ""] = message.split("\n", 1);
  return line.replace(/\.$/, "");
}
