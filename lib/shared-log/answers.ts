import type { LogSession } from "./log-session.js";

/** Milliseconds for which the server keeps an answer. */
export const KEPT_MS = 10_000;

/** Keeps answers on the server, for {@link KEPT_MS}. */
export interface Answers<S extends LogSession> {
  /** Stores the answer of a node. */
  reply(session: S, question: string, text: string): Promise<unknown>;
  /**
   * Returns the nodes that are alive, and the answers that are new.
   *
   * @param known how many answers the caller was given before; it may be given them again
   */
  look(session: S, question: string, known: number): Promise<AnswersSeen>;
}

export interface AnswersSeen {
  readonly alive: readonly string[];
  readonly replies: readonly Buffer[];
}
