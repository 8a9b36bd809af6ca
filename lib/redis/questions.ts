import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { LogFollower, Notice } from "../log/event-log.js";
import type { RedisSession } from "./redis-session.js";
import type { Keys } from "./keys.js";
import { ANSWER, ANSWERS } from "./scripts.js";
import type { AppendQueue } from "./append-queue.js";
import { withTimer } from "./timer.js";

/** Milliseconds after which a node that gave no sign of life is dead; it gives one every second. */
const DEAD_MS = 4_000;
const PATIENCE_MS = 5_000;
const KEPT_MS = 10_000;
const MIN_PAUSE_MS = 2;
const MAX_PAUSE_MS = 100;

/** What questions and answers pass through. */
export interface QuestionsParts {
  readonly node: string;
  readonly keys: Keys;
  readonly followers: Iterable<LogFollower>;
  readonly appends: Pick<AppendQueue, "add">;
  whenUp(): Promise<RedisSession>;
}

/** Asks all nodes through the log, so that a question has its place in the order, and answers them. */
export class Questions {
  readonly #parts: QuestionsParts;

  constructor(parts: QuestionsParts) {
    this.#parts = parts;
  }

  async ask(question: Notice): Promise<unknown[]> {
    const id = randomUUID();
    const payload = Buffer.from(JSON.stringify({ id, question }));
    // Before the question, so that all of them read it.
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

  // Repeated until Redis has it: the asker knows it by the node.
  async #reply(id: string, text: string): Promise<void> {
    const { keys } = this.#parts;
    await this.#within(performance.now() + PATIENCE_MS, (redis) =>
      redis.run(ANSWER, [keys.repliesTo(id)], [text, String(KEPT_MS)]),
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

  async #look(
    id: string,
    known: number,
    deadline: number,
  ): Promise<{ readonly alive: readonly string[]; readonly replies: readonly Buffer[] } | null> {
    const { keys } = this.#parts;
    const reply = await this.#within(deadline, (redis) =>
      redis.run(ANSWERS, [keys.nodes, keys.repliesTo(id)], [String(known), String(DEAD_MS)]),
    );
    if (reply === null) return null;
    const [nodes, replies] = reply as [Buffer[], Buffer[]];
    return { alive: nodes.map(String), replies };
  }

  // What Redis gives, asked again on another connection where one was lost; `null` after the deadline.
  async #within<T>(deadline: number, run: (redis: RedisSession) => Promise<T>): Promise<T | null> {
    for (;;) {
      const restMs = Math.ceil(deadline - performance.now());
      if (restMs <= 0) return null;
      const redis = await withTimer(this.#parts.whenUp(), restMs, "Redis was away").catch(
        () => null,
      );
      if (redis === null) return null;
      try {
        return await run(redis);
      } catch (error) {
        if (redis.lost === null) throw error;
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
