import type { PendingAppend } from "../shared-log/pending-append.js";
import type { PostgresLogSettings } from "./postgres-log-options.js";
import type { PostgresSession, Statement } from "./postgres-session.js";

// Deleted at once: few, so that nobody waits for it.
const STEP = 2_000;
// A node deletes no more at a time, so that it does its own work, too.
const MAX_STEPS = 20;

/** Lets go of what is over the bounds: by those who append, and now and then by everybody. */
export class Trimmer {
  readonly #settings: PostgresLogSettings;
  readonly #statement: Statement;
  #events = 0;
  #isTrimming = false;
  #bytes = 0;

  constructor(settings: PostgresLogSettings, statement: Statement) {
    this.#settings = settings;
    this.#statement = statement;
  }

  /**
   * This node has appended: it trims as soon as that is a good part of what the log holds. Nobody waits for
   * it, and what is appended meanwhile goes in between its steps.
   */
  onAppended(session: PostgresSession, batch: readonly PendingAppend[]): void {
    this.#events += batch.length;
    for (const { size } of batch) this.#bytes += size;
    const { maxEvents, maxBytes } = this.#settings;
    if (this.#events < maxEvents / 64 && this.#bytes < maxBytes / 64) return;
    if (this.#isTrimming) return;
    [this.#events, this.#bytes, this.#isTrimming] = [0, 0, true];
    void this.trim(session).finally(() => {
      this.#isTrimming = false;
    });
  }

  /** Trims. That it fails is no trouble of its own: the log is only larger than it need be. */
  async trim(session: PostgresSession): Promise<void> {
    const { maxEvents, maxBytes, maxAgeMs } = this.#settings;
    const bounds = [maxEvents, maxBytes, maxAgeMs ?? 0, STEP];
    for (let steps = 0; steps < MAX_STEPS; steps += 1) {
      const rows = await session.query(this.#statement, bounds).catch(() => []);
      if (Number(rows[0]?.gone ?? 0) < STEP) return;
    }
  }
}
