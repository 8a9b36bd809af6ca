import { setTimeout as sleep } from "node:timers/promises";
import { nextTurn } from "../async/next-turn.js";
import type { LogMirror } from "./log-mirror.js";

/** Where the head of the log is asked for. */
export interface CatchUpParts {
  readonly mirror: LogMirror;
  /** Asks the server which life of the log there is, and where its head is; `null`: none has begun. */
  ask(): Promise<{ readonly epoch: string; readonly head: number } | null>;
}

interface Target {
  readonly epoch: string;
  readonly head: number;
  /** Epoch of the mirror when the head was asked for. */
  readonly before: string;
  readonly resolve: () => void;
}

const RETRY_MS = 50;

/** Waits until this node has read what the log held when it was asked. Who asks in one turn shares it. */
export class CatchUp {
  readonly #parts: CatchUpParts;
  #next: Promise<void> | undefined;
  #targets: Target[] = [];
  #isClosed = false;

  constructor(parts: CatchUpParts) {
    this.#parts = parts;
  }

  reach(): Promise<void> {
    this.#next ??= nextTurn().then(() => {
      this.#next = undefined;
      return this.#run();
    });
    return this.#next;
  }

  /** The mirror has moved. */
  onProgress(): void {
    const [waiting, targets] = [[] as Target[], this.#targets];
    this.#targets = waiting;
    for (const target of targets) {
      if (this.#isClosed || this.#isReached(target)) target.resolve();
      else waiting.push(target);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.onProgress();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      const { mirror } = this.#parts;
      const asked = await this.#parts.ask().catch(() => null);
      if (asked === null) {
        if (!this.#isClosed) await sleep(RETRY_MS, undefined, { ref: false });
        continue;
      }
      const before = mirror.epoch;
      await new Promise<void>((resolve) => {
        this.#targets.push({ ...asked, before, resolve });
        this.onProgress();
      });
      return;
    }
  }

  // What another life of the log held is gone when it begins here.
  #isReached({ epoch, head, before }: Target): boolean {
    const { mirror } = this.#parts;
    return mirror.epoch === epoch ? mirror.hasRead(head) : mirror.epoch !== before;
  }
}
