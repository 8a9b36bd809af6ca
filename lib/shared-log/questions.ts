import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { LogFollower, Notice } from "../log/event-log.js";
import type { LogSession } from "./log-session.js";
import type { Answers, AnswersSeen } from "./answers.js";
import type { AppendQueue } from "./append-queue.js";
import { withTimer } from "./timer.js";

/** Milliseconds after which a node counts as dead if it has not reported; it reports every second. */
export const DEAD_MS = 4_000;
const PATIENCE_MS = 5_000;
const MIN_PAUSE_MS = 2;
const MAX_PAUSE_MS = 100;

/** What {@link Questions} is given by the log. */
export interface QuestionsParts<S extends LogSession> {
  readonly node: string;
  readonly answers: Answers<S>;
  readonly followers: Iterable<LogFollower>;
  readonly appends: Pick<AppendQueue<S>, "add">;
  whenUp(): Promise<S>;
}

/**
 * Asks all nodes, and answers their questions. A question is an entry of the log, so that it has its place in the order
 * of the log.
 */
export class Questions<S extends LogSession> {
  readonly #parts: QuestionsParts<S>;

  constructor(parts: QuestionsParts<S>) {
    this.#parts = parts;
  }

  async ask(question: Notice): Promise<unknown[]> {
    const id = randomUUID();
    const payload = Buffer.from(JSON.stringify({ id, question }));
    // Before the question, so that every node in the list reads it.
    const asked = await this.#look(id, 0, performance.now() + PATIENCE_MS);
    await this.#parts.appends.add({ kind: "question", head: "", payload, retain: null });
    return this.#collect(id, asked?.alive ?? []);
  }

  /** A question has been read. */
  answer({ id, question }: Notice): void {
    if (typeof id !== "string" || typeof question !== "object" || question === null) return;
    const answers = [...this.#parts.followers].map((one) => one.onQuestion(question as Notice));
    this.#reply(id, JSON.stringify({ node: this.#parts.node, answers })).catch(() => undefined);
  }

  // Repeated until the server has it; the asker ignores a second answer of the same node.
  async #reply(id: string, text: string): Promise<void> {
    await this.#within(performance.now() + PATIENCE_MS, (session) =>
      this.#parts.answers.reply(session, id, text),
    );
  }

  async #collect(id: string, asked: readonly string[]): Promise<unknown[]> {
    const deadline = performance.now() + PATIENCE_MS;
    const answers = new Map<string, unknown[]>();
    for (let known = 0, pauseMs = MIN_PAUSE_MS; ;) {
      const look = await this.#look(id, known, deadline);
      if (look === null) break;
      known += look.replies.length;
      for (const text of look.replies) readAnswer(text, answers);
      const isMissing = (node: string) => look.alive.includes(node) && !answers.has(node);
      if (!asked.some(isMissing) || performance.now() > deadline) break;
      await sleep(pauseMs, undefined, { ref: false });
      pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2);
    }
    return [...answers.values()].flat();
  }

  #look(id: string, known: number, deadline: number): Promise<AnswersSeen | null> {
    return this.#within(deadline, (session) => this.#parts.answers.look(session, id, known));
  }

  // Repeats a request on a new connection if the connection was lost; `null` after the deadline.
  async #within<T>(deadline: number, run: (session: S) => Promise<T>): Promise<T | null> {
    for (;;) {
      const restMs = Math.ceil(deadline - performance.now());
      if (restMs <= 0) return null;
      const session = await withTimer(this.#parts.whenUp(), restMs, "The server was away").catch(
        () => null,
      );
      if (session === null) return null;
      try {
        return await run(session);
      } catch (error) {
        if (session.lost === null) throw error;
      }
    }
  }
}

function readAnswer(text: Buffer, answers: Map<string, unknown[]>): void {
  const { node, answers: given } = JSON.parse(text.toString()) as {
    node: string;
    answers: unknown[];
  };
  answers.set(node, given);
}
