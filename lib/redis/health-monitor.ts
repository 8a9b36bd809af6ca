import type { LogHealth } from "../log/event-log.js";
import { SseHubError } from "../errors/sse-hub-error.js";

// The reader hears of every entry at once, and of none at the latest after a second.
const FRESH_MS = 2_500;

/** How the log is: whether both of its connections are there, and when it last read all there was. */
export class HealthMonitor {
  readonly #parts = new Set<string>();
  readonly #needed: readonly string[];
  readonly #report: (error: SseHubError) => void;
  #since = Date.now();
  #readAt = performance.now();
  #isTold = false;

  /** @param needed names of the connections */
  constructor(needed: readonly string[], report: (error: SseHubError) => void) {
    this.#needed = needed;
    this.#report = report;
  }

  get health(): LogHealth {
    const status = this.#isOk ? "ok" : "degraded";
    const behindMs = Math.round(performance.now() - this.#readAt);
    return { status, since: this.#since, lagMs: this.#isOk && behindMs < FRESH_MS ? 0 : behindMs };
  }

  onUp(part: string): void {
    this.#parts.add(part);
    if (!this.#isOk) return;
    this.#since = Date.now();
    this.#isTold = false;
  }

  onDown(part: string, cause: Error): void {
    if (this.#isOk) this.#since = Date.now();
    this.#parts.delete(part);
    // Once, however many connections are lost and however often they are tried.
    if (this.#isTold) return;
    this.#isTold = true;
    this.#report(
      new SseHubError(
        "ERR_SSE_LOG",
        "The log cannot reach Redis. Streams stay open, broadcasts wait; it is tried again.",
        { cause },
      ),
    );
  }

  /** All there is has been read. */
  onHead(): void {
    this.#readAt = performance.now();
  }

  get #isOk(): boolean {
    return this.#parts.size === this.#needed.length;
  }
}
