import type { SseHubError } from "../errors/sse-hub-error.js";
import type { LogHealth } from "../log/event-log.js";
import { toError, type Trouble } from "./trouble.js";

// The reader hears of every entry at once, and of none at the latest after a second.
const FRESH_MS = 2_500;

/** What a health monitor is made of. */
export interface HealthMonitorParts {
  /** Name of the server, such as `Redis`. */
  readonly engine: string;
  readonly troubleOf: (cause: unknown) => Trouble;
  /** Names of the connections that are needed. */
  readonly needed: readonly string[];
  /** Milliseconds after which a log that was never reached says so. */
  readonly deadlineMs: number;
  readonly report: (error: SseHubError) => void;
}

/**
 * How the log is: whether its connections are there, what is wrong, and when it last read all there was.
 * Trouble is told once when it begins, and once for each kind that it becomes until it is over.
 */
export class HealthMonitor {
  readonly #parts: HealthMonitorParts;
  readonly #up = new Set<string>();
  readonly #deadline: NodeJS.Timeout;
  #since = Date.now();
  #readAt = performance.now();
  // Why a connection is not there, or what the server refuses on one that is.
  #trouble: Trouble | null = null;
  // What is wrong while everything works.
  #warning: Trouble | null = null;
  readonly #told = new Set<string>();

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

  /** A connection is there, and does what it is for. */
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
    this.#tell(this.#trouble, cause);
  }

  /** The server takes what it refused before. */
  onTaken(): void {
    if (this.#isUp && this.#trouble !== null) this.#end();
  }

  /** What is wrong while everything works; `null` for nothing. */
  onWarning(warning: Trouble | null): void {
    this.#warning = warning;
    if (this.#warning !== null) this.#tell(this.#warning, undefined);
  }

  /** All there is has been read. */
  onHead(): void {
    this.#readAt = performance.now();
  }

  close(): void {
    clearTimeout(this.#deadline);
  }

  #end(): void {
    if (this.#trouble !== null) this.#since = Date.now();
    this.#trouble = null;
    this.#told.clear();
    if (this.#warning !== null) this.#told.add(this.#warning.kind);
  }

  #tell(trouble: Trouble, cause: unknown): void {
    if (this.#told.has(trouble.kind)) return;
    this.#told.add(trouble.kind);
    this.#parts.report(toError(trouble, cause));
  }

  get #isUp(): boolean {
    return this.#parts.needed.every((part) => this.#up.has(part));
  }
}
