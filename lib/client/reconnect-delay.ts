import { MAX_TIMER_MS } from "./max-timer-ms.js";

// The wait before the server has sent `retry:`: the middle of the hub's default range.
const RETRY_MS = 2_000;

/** An answer that was not a stream. */
export interface Answer {
  readonly status: number;
  /** The `Content-Type` header; empty if there is none. */
  readonly contentType: string;
  /** True if the request was redirected, for example to a login. */
  readonly isRedirected: boolean;
  /** The URL of the answer after all redirects; empty if the page may not know it. */
  readonly url: string;
}

/** Why a stream has to be opened again. It has no members if a stream that was open has ended. */
export interface Trouble extends Partial<Answer> {
  /** The error, if there was no answer: the network failed, or the function for `headers` did. */
  readonly error?: unknown;
  /** Milliseconds that the server asked for with `Retry-After`. */
  readonly retryAfterMs?: number;
}

/**
 * How long to wait before the client reconnects. The first wait is the time that the server has drawn for this stream
 * (`retry:`). While no stream opens, the wait doubles, and is randomly up to a half shorter or longer, so that the
 * browsers of a server do not all reconnect at the same moment.
 */
export class ReconnectDelay {
  /** The last `retry:` of the server, in milliseconds. */
  retryMs: number | undefined;
  readonly #maxMs: number;
  #failures = 0;
  #failuresBefore = 0;

  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  /** Number of tries since the stream was last open; 0 if the last try has opened it. */
  get attempt(): number {
    return this.#failures;
  }

  /** A try begins. It counts as a failure until the stream has opened. */
  onTry(): void {
    this.#failures += 1;
  }

  onOpen(): void {
    this.#failuresBefore = this.#failures;
    this.#failures = 0;
  }

  /** The server ended the stream with an error: the last try counts as a failure, although the stream had opened. */
  onError(): void {
    this.#failures = Math.max(this.#failures, this.#failuresBefore);
  }

  next({ retryAfterMs = 0 }: Trouble): number {
    const askedMs = this.retryMs ?? Math.min(RETRY_MS, this.#maxMs);
    if (this.#failures === 0) return Math.min(askedMs, MAX_TIMER_MS);
    // 0 cannot be doubled.
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
  // Limited, so that a wrong header does not keep browsers away for a day.
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS) : 0;
}

const MAX_RETRY_AFTER_MS = 300_000;
