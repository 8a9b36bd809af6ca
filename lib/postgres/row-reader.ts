import type { Reading } from "../shared-log/engine.js";
import type { LogBeginning, LogState } from "../shared-log/log-state.js";
import { PageSize } from "../shared-log/page-size.js";
import { bytesOf, readPage, readRetained } from "./entry.js";
import type { LogStatements } from "./log-statements.js";
import type { PostgresSession, Row } from "./postgres-session.js";
import { readState } from "./state.js";
import type { Trimmer } from "./trimmer.js";
import { deafTrouble } from "./trouble.js";

// A notification may be lost: it is looked at least so often.
const LOOK_MS = 1_000;
// What is older than this when it is found was not notified.
const UNHEARD_MS = 300;
// So often in turn is no accident any more.
const MAX_UNHEARD = 3;

/** What a row reader is made of. */
export interface RowReaderParts extends Reading {
  readonly session: PostgresSession;
  readonly node: string;
  readonly statements: LogStatements;
  readonly trimmer: Trimmer;
  ensureEpoch(): Promise<LogState>;
}

/**
 * Reads on at the head of the log, on a connection of its own, for the whole node. A notification only
 * wakes it; what it reads are rows, each page with the state of the log at that moment.
 */
export class RowReader {
  readonly #parts: RowReaderParts;
  readonly #size = new PageSize();
  #isWoken = false;
  #wake: () => void = () => undefined;
  #aliveAt = 0;
  // How often in turn something was found that nothing had woken it for.
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
    // A sign of life only now: a node that gives one must read all questions that are asked after it.
    await this.#beAlive();
    // It is up when it can read, not before: a role may be allowed everything but that.
    await session.query(this.#parts.statements.page, [mirror.position, 1]);
    this.#parts.up();
    if (beginning !== null) this.#begin(beginning);
    for (;;) {
      if (await this.#readOn()) continue;
      await this.#rest();
      if (performance.now() - this.#aliveAt > LOOK_MS) await this.#onTick();
    }
  }

  // Gives true where there may be more.
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

  // Resolves when there may be something to do.
  async #rest(): Promise<void> {
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
    // A disk that is full can be read all the same; those who append tell of it.
    await this.#beAlive().catch((cause: unknown) => {
      if (session.lost !== null) throw cause;
    });
    await trimmer.trim(session);
  }

  async #beAlive(): Promise<void> {
    const { session, statements, node } = this.#parts;
    this.#aliveAt = performance.now();
    await session.query(statements.alive, [node]);
  }

  async #listen(): Promise<void> {
    const { session, statements } = this.#parts;
    const [row] = await session.query(statements.hello);
    await session.query({ text: `LISTEN ${String(row?.channel)}` });
  }

  // Both at one moment.
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

/** Bytes of entries as they come. */
export function sizeOf(rows: readonly Row[]): number {
  return rows.reduce(
    (sum, { head, payload }) => sum + ((head ?? "").length + (payload ?? "").length) / 2,
    0,
  );
}
