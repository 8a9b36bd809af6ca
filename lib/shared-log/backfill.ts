import { setTimeout as sleep } from "node:timers/promises";
import type { Ring, TimedEntry } from "../log/ring.js";
import type { LogMirror } from "./log-mirror.js";
import type { LogSession } from "./log-session.js";

// The reader checks every second whether a new epoch has begun.
const BREAK_PAUSE_MS = 50;

/** What {@link Backfill} is given by the log. */
export interface BackfillParts<S extends LogSession> {
  readonly mirror: LogMirror;
  /**
   * Reads the entry at a position and the entries before it, newest first. `null` if the epoch that the mirror reads
   * has ended.
   */
  readOlder(session: S, start: number): Promise<OlderPage | null>;
  whenUp(): Promise<S>;
}

/** A page of older entries. */
export interface OlderPage {
  /** Newest first. */
  readonly events: TimedEntry[];
  /** Position of the next older entry. */
  readonly next: number;
  /** True if there are no older entries. */
  readonly isEnd: boolean;
}

/**
 * Fills the ring backwards with the entries that were in the log before this node started. All callers share the same
 * reads, so that many browsers that reconnect at once cost the server no more than one.
 */
export class Backfill<S extends LogSession> {
  readonly #parts: BackfillParts<S>;
  #running: Promise<void> | undefined;
  #wanted = Infinity;

  constructor(parts: BackfillParts<S>) {
    this.#parts = parts;
  }

  /** Resolves when the ring holds all entries after a position, or when it is known that it never will. */
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
        // An error of the server itself is thrown on. After a lost connection, the next turn reads again.
        if (session.lost === null) throw error;
      }
    }
  }

  async #readPage(session: S, ring: Ring): Promise<void> {
    const { mirror } = this.#parts;
    const start = ring.trimmed;
    const page = await this.#parts.readOlder(session, start);
    // The epoch has ended. Nothing was trimmed: the reader will report a break.
    if (page === null) {
      await sleep(BREAK_PAUSE_MS, undefined, { ref: false });
      return;
    }
    if (mirror.ring !== ring || ring.trimmed !== start) return;
    ring.prepend(page.events.reverse(), page.next);
    if (page.isEnd) mirror.lose(page.next);
  }
}
