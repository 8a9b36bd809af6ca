import { setTimeout as sleep } from "node:timers/promises";
import type { Ring, TimedEntry } from "../log/ring.js";
import type { LogMirror } from "./log-mirror.js";
import type { LogSession } from "./log-session.js";

// The reader looks every second whether the log has begun anew.
const BREAK_PAUSE_MS = 50;

/** Where old entries come from. */
export interface BackfillParts<S extends LogSession> {
  readonly mirror: LogMirror;
  /**
   * Reads what comes before a position, and that one, downwards. `null` where the life of the log that
   * the mirror reads has ended.
   */
  readOlder(session: S, start: number): Promise<OlderPage | null>;
  whenUp(): Promise<S>;
}

/** A stretch of the log that was read downwards. */
export interface OlderPage {
  /** Newest first. */
  readonly events: TimedEntry[];
  /** Position of the entry that is to come next, downwards. */
  readonly next: number;
  /** Nothing comes next. */
  readonly isEnd: boolean;
}

/**
 * Fills the ring downwards with what was in the log before this node came. All who ask share the same
 * reads, so that many browsers which return at once cost the log no more than one.
 */
export class Backfill<S extends LogSession> {
  readonly #parts: BackfillParts<S>;
  #running: Promise<void> | undefined;
  #wanted = Infinity;

  constructor(parts: BackfillParts<S>) {
    this.#parts = parts;
  }

  /** Resolves when the ring holds all after a position, or when it is known that it never will. */
  async reach(after: number): Promise<void> {
    const { ring } = this.#parts.mirror;
    while (this.#isMissing(ring, after)) {
      this.#wanted = Math.min(this.#wanted, after);
      this.#running ??= this.#run().finally(() => {
        this.#running = undefined;
        this.#wanted = Infinity;
      });
      await this.#running;
    }
  }

  #isMissing(ring: Ring, after: number): boolean {
    const { mirror } = this.#parts;
    return mirror.ring === ring && after < ring.trimmed && after >= mirror.trimmed;
  }

  async #run(): Promise<void> {
    const { ring } = this.#parts.mirror;
    while (this.#isMissing(ring, this.#wanted)) {
      const session = await this.#parts.whenUp();
      try {
        await this.#readPage(session, ring);
      } catch (error) {
        // The server's own refusal is told; a connection that was lost comes back.
        if (session.lost === null) throw error;
      }
    }
  }

  async #readPage(session: S, ring: Ring): Promise<void> {
    const { mirror } = this.#parts;
    const start = ring.trimmed;
    const page = await this.#parts.readOlder(session, start);
    // What is gone with its life was not trimmed: the reader will tell of a break.
    if (page === null) {
      await sleep(BREAK_PAUSE_MS, undefined, { ref: false });
      return;
    }
    if (mirror.ring !== ring || ring.trimmed !== start) return;
    ring.prepend(page.events.reverse(), page.next);
    if (page.isEnd) mirror.lose(page.next);
  }
}
