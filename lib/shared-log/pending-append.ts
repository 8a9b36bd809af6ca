import { SseHubError } from "../errors/sse-hub-error.js";
import { closed } from "./reconnector.js";
import type { Retain } from "./retain.js";
import type { EntryKind } from "./shared-entry.js";

/** Milliseconds after which the promise for a message to other nodes rejects. The message is still sent. */
export const NOTICE_MS = 2_000;

/** An entry to append. */
export interface Draft {
  readonly kind: EntryKind;
  readonly head: string;
  readonly payload: Buffer;
  readonly retain: Retain | null;
}

/** An entry on its way to the server. */
export class PendingAppend {
  readonly draft: Draft;
  readonly sequence: number;
  readonly #engine: string;
  /** Resolves with its id. If no one awaits it, that is no unhandled rejection. */
  readonly done: Promise<string>;
  #resolve!: (id: string) => void;
  #reject!: (error: SseHubError) => void;
  readonly #timer: NodeJS.Timeout;
  #outcome: "not-sent" | "unknown" = "not-sent";
  #isUnderway = false;
  #cause: unknown;

  /** @param onLate called after `lateMs`, unless the entry is in the log by then */
  constructor(
    draft: Draft,
    { engine, sequence }: { readonly engine: string; readonly sequence: number },
    lateMs: number,
    onLate: () => void,
  ) {
    this.draft = draft;
    this.sequence = sequence;
    this.#engine = engine;
    this.done = new Promise<string>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.done.catch(() => undefined);
    // Not unref'd: a process that only publishes would otherwise end silently while the server is away.
    this.#timer = setTimeout(onLate, lateMs);
  }

  get size(): number {
    return this.draft.payload.length + this.draft.head.length;
  }

  onSend(): void {
    this.#isUnderway = true;
  }

  /** The server has refused the entry. */
  onRefused(cause: unknown): void {
    this.#isUnderway = false;
    this.#cause = cause;
  }

  /** The connection has ended before the answer. */
  onSilence(cause: unknown): void {
    this.#isUnderway = false;
    this.#outcome = "unknown";
    this.#cause = cause;
  }

  resolve(id: string): void {
    clearTimeout(this.#timer);
    this.#resolve(id);
  }

  /** @param trouble why the server cannot be reached; `null` if it can */
  rejectLate(lateMs: number, trouble: Error | null): void {
    clearTimeout(this.#timer);
    const cause = this.#cause ?? trouble ?? undefined;
    const isNotice = this.draft.kind === "notice";
    this.#reject(isNotice ? this.#unsent(lateMs, cause) : this.#tooLate(lateMs, cause));
  }

  rejectClosed(): void {
    clearTimeout(this.#timer);
    this.#reject(closed());
  }

  #tooLate(lateMs: number, cause: unknown): SseHubError {
    const outcome = this.#isUnderway ? "unknown" : this.#outcome;
    const what =
      outcome === "not-sent"
        ? "It was not sent, so you can send it again."
        : `It was sent, but ${this.#engine} has not confirmed it, so browsers may receive it twice if you send it again.`;
    return new SseHubError(
      "ERR_SSE_LOG",
      `${this.#engine} has not accepted an event within ${lateMs} ms. ${what}`,
      { cause, outcome },
    );
  }

  #unsent(lateMs: number, cause: unknown): SseHubError {
    return new SseHubError(
      "ERR_SSE_CONTROL_UNSENT",
      `${this.#engine} has not accepted a message to the other nodes within ${lateMs} ms. ` +
        `The message is sent as soon as ${this.#engine} is back, before any later event of this node.`,
      { cause },
    );
  }
}
