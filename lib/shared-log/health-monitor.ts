import type { SseHubError } from "../errors/sse-hub-error.js";
import type { LogHealth } from "../log/event-log.js";
import { toError, type Trouble } from "./trouble.js";

// A reader receives an answer from the server at least once a second, with or without entries.
const FRESH_MS = 2_500;

/** What a {@link HealthMonitor} is given by the log. */
export interface HealthMonitorParts {
  /** Name of the server, such as `Redis`. */
  readonly engine: string;
  readonly troubleOf: (cause: unknown) => Trouble;
  /** Names of the connections without which the log is degraded. */
  readonly needed: readonly string[];
  /** Milliseconds after which a log that was never reached reports an error. */
  readonly deadlineMs: number;
  readonly report: (error: SseHubError) => void;
}

/**
 * The state of the log: whether its connections are up, what is wrong, and when it last read everything. A problem is
 * reported once for each kind, until all problems are over.
 */
export class HealthMonitor {
  readonly #parts: HealthMonitorParts;
  readonly #up = new Set<string>();
  readonly #deadline: NodeJS.Timeout;
  #since = Date.now();
  #readAt = performance.now();
  // Why a connection is down, or what the server refuses.
  #trouble: Trouble | null = null;
  // A problem of a server that works.
  #warning: Trouble | null = null;
  readonly #reported = new Set<string>();

  constructor(parts: HealthMonitorParts) {
    this.#parts = parts;
    this.#deadline = setTimeout(() => {
      if (this.#trouble === null && this.#up.size === 0)
        this.onTrouble(new Error(`${parts.engine} has not accepted the connection`));
    }, parts.deadlineMs).unref();
  }

  get health(): LogHealth {
    const status = this.#isUp && this.#trouble === null ? "ok" : "degraded";
    const behindMs = Math.round(performance.now() - this.#readAt);
    return {
      status,
      since: this.#since,
      lagMs: this.#isUp && behindMs < FRESH_MS ? 0 : behindMs,
      problem: (this.#trouble ?? this.#warning)?.text ?? null,
    };
  }

  /** A connection is up and ready for its purpose. */
  onUp(part: string): void {
    this.#up.add(part);
    if (this.#isUp) this.#end();
  }

  onDown(part: string, cause: Error): void {
    this.#up.delete(part);
    this.onTrouble(cause);
  }

  /** The server refuses something, or cannot be reached. */
  onTrouble(cause: unknown): void {
    if (this.#trouble === null) this.#since = Date.now();
    this.#trouble = this.#parts.troubleOf(cause);
    this.#reportOnce(this.#trouble, cause);
  }

  /** The server accepts entries again. */
  onTaken(): void {
    if (this.#isUp && this.#trouble !== null) this.#end();
  }

  /** The server works, but has a problem; `null` for none. */
  onWarning(warning: Trouble | null): void {
    this.#warning = warning;
    if (this.#warning !== null) this.#reportOnce(this.#warning, undefined);
  }

  /** Everything in the log has been read. */
  onHead(): void {
    this.#readAt = performance.now();
  }

  close(): void {
    clearTimeout(this.#deadline);
  }

  #end(): void {
    if (this.#trouble !== null) this.#since = Date.now();
    this.#trouble = null;
    this.#reported.clear();
    if (this.#warning !== null) this.#reported.add(this.#warning.kind);
  }

  #reportOnce(trouble: Trouble, cause: unknown): void {
    if (this.#reported.has(trouble.kind)) return;
    this.#reported.add(trouble.kind);
    this.#parts.report(toError(trouble, cause));
  }

  get #isUp(): boolean {
    return this.#parts.needed.every((part) => this.#up.has(part));
  }
}
