import { setTimeout as sleep } from "node:timers/promises";
import { SseHubError } from "../errors/sse-hub-error.js";
import type { LogSession } from "./log-session.js";

const MIN_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2_000;

/** What a {@link Reconnector} is given: how to connect, and what to do with each connection. */
export interface ReconnectorParts<S extends LogSession> {
  /** Connects to the server of the log. */
  open(): Promise<S>;
  /**
   * Called with each new connection. Works with it until it is lost, then rejects. Calls `up` when the connection is
   * prepared, so that others may use it.
   */
  serve(session: S, up: () => void): Promise<never>;
  /** The connection can be used. */
  onUp(): void;
  /** The connection was lost, or could not be opened. */
  onDown(cause: Error): void;
}

/** Keeps a connection to the server. It reconnects when the connection is lost, with growing pauses. */
export class Reconnector<S extends LogSession> {
  readonly #parts: ReconnectorParts<S>;
  #current: S | null = null;
  #isUp = false;
  #trouble: Error | null = null;
  #isClosed = false;
  readonly #waiting: Array<{
    resolve: (session: S) => void;
    reject: (error: Error) => void;
  }> = [];
  readonly #pause = new AbortController();
  readonly #running: Promise<void>;

  constructor(parts: ReconnectorParts<S>) {
    this.#parts = parts;
    this.#running = this.#run();
  }

  get isUp(): boolean {
    return this.#isUp && this.#current?.lost === null;
  }

  /** Why there is no connection; `null` while there is one. */
  get trouble(): Error | null {
    return this.isUp ? null : this.#trouble;
  }

  /** Resolves with the connection as soon as it may be used. Rejects when the log is closed. */
  whenUp(): Promise<S> {
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#current?.lost === null && this.#isUp) return Promise.resolve(this.#current);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  /** Ends the connection and opens another one. */
  renew(why: string): void {
    this.#current?.end(new Error(why));
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      for (const { reject } of this.#waiting.splice(0)) reject(closed());
      this.#current?.end(closed());
      this.#pause.abort();
    }
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#isClosed; failures += 1) {
      let session: S | null = null;
      try {
        session = await this.#parts.open();
        await this.#use(session, () => {
          failures = 0;
        });
      } catch (cause) {
        session?.end(cause as Error);
        this.#lose(session?.lost ?? (cause as Error));
      }
      if (this.#isClosed) return;
      // Random, so that the nodes do not all reconnect at once.
      const pauseMs = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** failures) * (0.5 + Math.random());
      await sleep(pauseMs, undefined, { ref: false, signal: this.#pause.signal }).catch(() => null);
    }
  }

  async #use(session: S, onUp: () => void): Promise<never> {
    this.#current = session;
    if (this.#isClosed) throw closed();
    return this.#parts.serve(session, () => {
      if (this.#isUp || session.lost !== null) return;
      onUp();
      this.#isUp = true;
      this.#parts.onUp();
      for (const { resolve } of this.#waiting.splice(0)) resolve(session);
    });
  }

  #lose(cause: Error): void {
    this.#current = null;
    this.#isUp = false;
    this.#trouble = cause;
    if (!this.#isClosed) this.#parts.onDown(cause);
  }
}

/** The error of every call on a closed log. */
export function closed(): SseHubError {
  return new SseHubError("ERR_SSE_CLOSED", "The log is closed, so it cannot be used.");
}
