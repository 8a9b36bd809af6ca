import { setTimeout as wait } from "node:timers/promises";
import { onTestEnd } from "../support/disposers.js";
import { openStream, type StreamReader } from "../support/open-stream.js";
import type { Random } from "../model/random.js";

const FINAL = new Set(["done", "failed", "cancelled", "lost"]);

/** A page that follows a run whose events count from 1, behind a balancer: it returns until it is told the end. */
export class CountingFollower {
  /** What it has of the run. */
  readonly seen: number[] = [];
  /** What it got that no page may get. */
  readonly faults: string[] = [];
  /** How the run ended, or the status that made it stay away. */
  end: string | undefined;
  readonly #id: string;
  readonly #urls: readonly string[];
  readonly #random: Random;
  #lastEventId: string | undefined;
  #stream: StreamReader | undefined;
  #isClosed = false;

  constructor(id: string, urls: readonly string[], random: Random) {
    this.#id = id;
    this.#urls = urls;
    this.#random = random;
    void this.#run();
    onTestEnd(() => {
      this.#isClosed = true;
      this.leave();
    });
  }

  /** Loses the connection, and returns soon. */
  leave(): void {
    this.#stream?.close();
  }

  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed && this.end === undefined) {
      await this.#visit().catch(() => undefined);
      await wait(5 + this.#random.below(30));
    }
  }

  async #visit(): Promise<void> {
    const stream = await openStream(this.#random.pick(this.#urls), `/runs/${this.#id}`, {
      lastEventId: this.#lastEventId,
      headers: { "x-name": "alice" },
    });
    this.#stream = stream;
    if (stream.status !== 200) {
      this.end = String(stream.status);
      return;
    }
    await stream.closed;
    for (const { event, data, id } of stream.all) {
      this.#lastEventId = id ?? this.#lastEventId;
      this.#take(event, data);
    }
  }

  #take(event: string, data: string): void {
    if (event === "count") {
      const expected = this.seen.length + 1;
      if (Number(data) !== expected) this.faults.push(`${this.#id}: got ${data}, not ${expected}`);
      this.seen.push(Number(data));
    } else if (event === "hub:open") {
      const { recovered } = JSON.parse(data) as { recovered: boolean | null };
      if (recovered === false) this.seen.length = 0;
      else if (recovered === null && this.seen.length > 0)
        this.faults.push(`${this.#id}: forgotten`);
    } else if (event === "hub:end") {
      const { reason } = JSON.parse(data) as { reason: string };
      if (FINAL.has(reason)) this.end = reason;
    }
  }
}
