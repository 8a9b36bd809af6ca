import { setTimeout as sleep } from "node:timers/promises";
import { nextTurn } from "../async/next-turn.js";
import type { LogMirror } from "./log-mirror.js";

/** What {@link CatchUp} is given by the log. */
export interface CatchUpParts {
  readonly mirror: LogMirror;
  /** Asks the server for the epoch and the head of the log; `null` if no epoch has begun. */
  ask(): Promise<{ readonly epoch: string; readonly head: number } | null>;
}

interface Target {
  readonly epoch: string;
  readonly head: number;
  /** Epoch of the mirror when the server was asked. */
  readonly before: string;
  readonly resolve: () => void;
}

const RETRY_MS = 50;

/** Waits until this node has read everything that the log held at the call. Calls in one turn share a request. */
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
      const before = this.#parts.mirror.epoch;
      const asked = await this.#parts.ask().catch(() => null);
      if (asked === null) {
        if (!this.#isClosed) await sleep(RETRY_MS, undefined, { ref: false });
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#targets.push({ ...asked, before, resolve });
        this.onProgress();
      });
      return;
    }
  }

  // If the mirror has moved to a new epoch meanwhile, the entries of the old one are gone.
  #isReached({ epoch, head, before }: Target): boolean {
    const { mirror } = this.#parts;
    return mirror.epoch === epoch ? mirror.hasRead(head) : mirror.epoch !== before;
  }
}
