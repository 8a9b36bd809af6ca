import type { Reading } from "../shared-log/engine.js";
import type { LogBeginning, LogState } from "../shared-log/log-state.js";
import { PageSize } from "../shared-log/page-size.js";
import { bytesOf, readPage, readRetained } from "./entry.js";
import type { LogStatements } from "./log-statements.js";
import type { PostgresSession, Row } from "./postgres-session.js";
import { readState } from "./state.js";
import type { Trimmer } from "./trimmer.js";
import { deafTrouble } from "./trouble.js";

// How often rows are read without a notification, because a notification may be lost.
const LOOK_MS = 1_000;
// A row that is older than this when it is found had no notification.
const UNHEARD_MS = 300;
// After this many rows in a row without a notification, LISTEN does not work.
const MAX_UNHEARD = 3;

/** What a {@link RowReader} is given, and what it calls. */
export interface RowReaderParts extends Reading {
  readonly session: PostgresSession;
  readonly node: string;
  readonly statements: LogStatements;
  readonly trimmer: Trimmer;
  ensureEpoch(): Promise<LogState>;
}

/**
 * Reads new entries of the log for the whole node, over a connection of its own. A notification only wakes it; the
 * entries are rows of a table, and each page also has the state of the log at that moment.
 */
export class RowReader {
  readonly #parts: RowReaderParts;
  readonly #size = new PageSize();
  #isWoken = false;
  #wake: () => void = () => undefined;
  #aliveAt = 0;
  // How often in a row new entries were found without a notification.
  #unheard = 0;

  constructor(parts: RowReaderParts) {
    this.#parts = parts;
  }

  async serve(): Promise<never> {
    const { session, mirror } = this.#parts;
    const wake = () => {
      this.#isWoken = true;
      this.#wake();
    };
    session.onEnd(wake);
    session.onNotification(() => {
      this.#hear();
      wake();
    });
    await this.#listen();
    const state = await this.#parts.ensureEpoch();
    const isAnother = state.epoch !== mirror.epoch || state.head < mirror.position;
    const beginning = isAnother ? await this.#readBeginning() : null;
    // The node reports itself as alive only now: from then on it must read every question.
    await this.#reportAlive();
    // Tries to read before it is up: the role may have all rights but this one.
    await session.query(this.#parts.statements.page, [mirror.position, 1]);
    this.#parts.up();
    if (beginning !== null) this.#begin(beginning);
    for (;;) {
      if (await this.#readOn()) continue;
      await this.#waitForWork();
      if (performance.now() - this.#aliveAt > LOOK_MS) await this.#onTick();
    }
  }

  // Returns true if there may be more entries.
  async #readOn(): Promise<boolean> {
    const { session, mirror, statements } = this.#parts;
    const wasWoken = this.#isWoken;
    this.#isWoken = false;
    const { count } = this.#size;
    const after = mirror.cursor === null ? mirror.position : Number(mirror.cursor);
    const all = await session.query(statements.page, [after, count]);
    const state = readState(all);
    const isBroken = Number(all[0]?.trimmed ?? 0) > after;
    if (state.epoch !== mirror.epoch || isBroken) {
      await this.#parts.ensureEpoch();
      this.#begin(await this.#readBeginning());
      return true;
    }
    mirror.update(state);
    const rows = all.filter(({ position }) => position !== null);
    mirror.ingest(readPage(rows, mirror.epoch, mirror.position));
    if (!wasWoken && rows.some((row) => state.time - Number(row.time) > UNHEARD_MS)) this.#miss();
    this.#size.adapt(rows.length, sizeOf(rows));
    if (rows.length < count) this.#parts.onHead();
    return rows.length === count;
  }

  #hear(): void {
    if (this.#unheard >= MAX_UNHEARD) this.#parts.onWarning(null);
    this.#unheard = 0;
  }

  #miss(): void {
    this.#unheard += 1;
    if (this.#unheard !== MAX_UNHEARD) return;
    this.#parts.onWarning(deafTrouble(this.#parts.session.server));
  }

  // Resolves at the next notification, or after a second.
  async #waitForWork(): Promise<void> {
    if (this.#isWoken || this.#parts.session.lost !== null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #onTick(): Promise<void> {
    const { session, trimmer } = this.#parts;
    // With a full disk, reading still works; appending reports the problem.
    await this.#reportAlive().catch((cause: unknown) => {
      if (session.lost !== null) throw cause;
    });
    await trimmer.trim(session);
  }

  async #reportAlive(): Promise<void> {
    const { session, statements, node } = this.#parts;
    this.#aliveAt = performance.now();
    await session.query(statements.alive, [node]);
  }

  async #listen(): Promise<void> {
    const { session, statements } = this.#parts;
    const [row] = await session.query(statements.hello);
    await session.query({ text: `LISTEN ${String(row?.channel)}` });
  }

  // One transaction, so that the state and the retained events are of the same moment.
  async #readBeginning(): Promise<LogBeginning> {
    const { session, statements } = this.#parts;
    await session.query({ text: "BEGIN ISOLATION LEVEL REPEATABLE READ" });
    const state = readState(await session.query(statements.state, []));
    const rows = await session.query(statements.retained);
    await session.query({ text: "COMMIT" });
    const retained = rows.flatMap((row) => {
      const kept = readRetained(row, state.epoch);
      return kept === null ? [] : [[bytesOf(row.key).toString(), kept] as const];
    });
    return { state, retained };
  }

  #begin(beginning: LogBeginning): void {
    if (beginning.state.epoch === "") throw new Error("The log has been deleted.");
    this.#parts.mirror.begin(beginning);
  }
}

/** The size of entries in bytes. */
export function sizeOf(rows: readonly Row[]): number {
  return rows.reduce(
    (sum, { head, payload }) => sum + ((head ?? "").length + (payload ?? "").length) / 2,
    0,
  );
}
