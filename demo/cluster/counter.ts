import { setTimeout as sleep } from "node:timers/promises";
import type { SseHubError } from "express-sse-hub";
import type { Publisher } from "express-sse-hub/redis";
import { COUNTS } from "../stream-routes.js";

const PAUSE_MS = 100;

/**
 * Publishes the event `count`, ten times a second: 1, 2, 3 and so on, so that a page sees whether one is
 * missing or doubled. Only the streams that ask for it receive it: an event moves the cursor of who receives it, and the others
 * are to show what is replayed after a promotion.
 */
export class Counter {
  readonly #publisher: Publisher;
  readonly #stop = new AbortController();
  readonly #counting: Promise<void>;

  constructor(publisher: Publisher) {
    this.#publisher = publisher;
    this.#counting = this.#count();
  }

  /** Resolves when the last count is out. */
  stop(): Promise<void> {
    this.#stop.abort();
    return this.#counting;
  }

  async #count(): Promise<void> {
    const { signal } = this.#stop;
    for (let count = 1; !signal.aborted;) {
      try {
        await this.#publisher.to(COUNTS).broadcast("count", String(count));
        count += 1;
      } catch (error) {
        // Redis is away. What may have arrived must not be sent again.
        if ((error as SseHubError).outcome === "unknown") count += 1;
      }
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
