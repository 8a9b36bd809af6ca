import { SseHubError } from "../errors/sse-hub-error.js";
import { ServerError } from "./server-error.js";

/** A problem between the log and its server. */
export interface Trouble {
  /** Problems with the same remedy have the same kind. */
  readonly kind: string;
  /** Which server, what is wrong, and what to do. */
  readonly text: string;
}

/** How to recognize and describe a known problem. */
export interface KnownTrouble {
  readonly kind: string;
  /** Matches the message of the error. */
  readonly pattern: RegExp;
  /** What is wrong; it follows "Redis at host:port ". */
  readonly what: string;
  readonly remedy: string;
}

const AWAY: Omit<KnownTrouble, "pattern"> = {
  kind: "away",
  what: "cannot be reached",
  remedy: "Check that it runs, and that host and port are correct.",
};

/**
 * Returns a function that says what an error of the server means and what the operator can do.
 *
 * @param engine name of the server, such as `Redis`
 * @param known the known problems; the first that matches counts
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

/** The error that reports a problem. */
export function toError({ text }: Trouble, cause?: unknown): SseHubError {
  return new SseHubError("ERR_SSE_LOG", text, { cause });
}

function firstLine(message: string): string {
  const [line = ""] = message.split("\n", 1);
  return line.replace(/\.$/, "");
}
