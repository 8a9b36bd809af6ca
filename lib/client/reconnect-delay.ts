import { MAX_TIMER_MS } from "./max-timer-ms.js";

// What a stream that never told its own is given: the middle of what the hub draws by default.
const RETRY_MS = 2_000;

/** An answer that was no stream. */
export interface Answer {
  readonly status: number;
  /** Of its `Content-Type`; empty for none. */
  readonly contentType: string;
  /** True when the server has sent the request elsewhere, as a login that it found missing. */
  readonly isRedirected: boolean;
  /** Where it came from, after all redirects; empty where the page may not know. */
  readonly url: string;
}

/** Why a stream has to be opened again; nothing of it where one that was open has ended. */
export interface Trouble extends Partial<Answer> {
  /** What the network said instead of an answer. */
  readonly error?: unknown;
  /** Milliseconds the server asked for with `Retry-After`. */
  readonly retryAfterMs?: number;
}

/**
 * How long to wait before a return. The first one comes after the time that the server drew for this
 * stream (`retry:`). As long as no stream opens, the time doubles, and is spread by half of it either
 * way, so that all who lost the same server do not come back in the same moment.
 */
export class ReturnDelay {
  /** What the server asked for last, in milliseconds. */
  retryMs: number | undefined;
  readonly #maxMs: number;
  #failures = 0;
  #failuresBefore = 0;

  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  /** How many tries there were since the stream was open: 0 when the last one has given a stream. */
  get attempt(): number {
    return this.#failures;
  }

  /** The server is asked for a stream, which is a failure until it has opened. */
  onTry(): void {
    this.#failures += 1;
  }

  onOpen(): void {
    this.#failuresBefore = this.#failures;
    this.#failures = 0;
  }

  /** The server could not go on with the stream: a failure, also where it had opened. */
  onError(): void {
    this.#failures = Math.max(this.#failures, this.#failuresBefore);
  }

  next({ retryAfterMs = 0 }: Trouble): number {
    const askedMs = this.retryMs ?? Math.min(RETRY_MS, this.#maxMs);
    if (this.#failures === 0) return Math.min(askedMs, MAX_TIMER_MS);
    // Nothing grows from 0.
    const grownMs = Math.max(askedMs, 1) * 2 ** (this.#failures - 1);
    const ms = spread(Math.min(grownMs, Math.max(askedMs, this.#maxMs))) + retryAfterMs;
    return Math.round(Math.min(ms, MAX_TIMER_MS));
  }
}

function spread(ms: number): number {
  return ms * (0.5 + Math.random());
}

/**
 * Milliseconds of a `Retry-After` header, in seconds or as a date; 0 for none.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function readRetryAfter(value: string | null): number {
  const text = value ?? "";
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  // Nobody is sent away for a day by a header that somebody got wrong.
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS) : 0;
}

const MAX_RETRY_AFTER_MS = 300_000;
