import type { PendingAppend } from "../shared-log/pending-append.js";
import type { PostgresLogSettings } from "./postgres-log-options.js";
import type { PostgresSession, Statement } from "./postgres-session.js";

// Entries deleted in one statement: few, so that appends do not wait long.
const STEP = 2_000;
// Statements in a row: not more, so that the node's other work is not delayed.
const MAX_STEPS = 20;

/** Deletes entries that exceed the bounds. Nodes that append do it most, and every node does it now and then. */
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
   * This node has appended entries. It trims after each 64th of a bound, in the background: other appends run between
   * the steps.
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

  /** Trims. A failure is ignored: the log is only larger than necessary. */
  async trim(session: PostgresSession): Promise<void> {
    const { maxEvents, maxBytes, maxAgeMs } = this.#settings;
    const bounds = [maxEvents, maxBytes, maxAgeMs ?? 0, STEP];
    for (let steps = 0; steps < MAX_STEPS; steps += 1) {
      const rows = await session.query(this.#statement, bounds).catch(() => []);
      if (Number(rows[0]?.gone ?? 0) < STEP) return;
    }
  }
}
