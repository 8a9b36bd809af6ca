import type { RunHeader, RunSink } from "../../log/run-store.js";
import { FollowedRun, type ExpireRun } from "../../shared-log/followed-run.js";
import { PageSize } from "../../shared-log/page-size.js";
import type { LogStatements } from "../log-statements.js";
import type { PostgresSession, Row } from "../postgres-session.js";
import { readRunPage, type RunPage } from "./run-rows.js";

// How often records are read without a notification, because a notification may be lost.
const LOOK_MS = 1_000;
const RUNS_AT_ONCE = 32;

interface Reading {
  readonly run: RunHeader;
  readonly followed: FollowedRun;
}

/**
 * Reads the records of all runs that are followed on this node, over one connection of its own. A notification only says
 * which record to read; the events are rows of a table.
 */
export class RunReader {
  readonly #statements: LogStatements;
  readonly #expire: ExpireRun;
  // By the token of the run.
  readonly #runs = new Map<string, Reading>();
  readonly #due = new Set<string>();
  readonly #size = new PageSize();
  #wake: () => void = () => undefined;

  constructor(statements: LogStatements, expire: ExpireRun) {
    this.#statements = statements;
    this.#expire = expire;
  }

  /** Passes a record to a sink, from the first event on. Returns a function that stops this. */
  follow(run: RunHeader, sink: RunSink): () => void {
    const followed = new FollowedRun(run, sink, this.#expire);
    this.#runs.set(run.token, { run, followed });
    this.#onDue(run.token);
    return () => {
      followed.stop();
      this.#forget(run.token, followed);
    };
  }

  async serve(session: PostgresSession, up: () => void): Promise<never> {
    session.onEnd(() => {
      this.#wake();
    });
    session.onNotification((token) => {
      if (this.#runs.has(token)) this.#onDue(token);
    });
    const [row] = await session.query(this.#statements.hello);
    await session.query({ text: `LISTEN ${String(row?.channel)}_runs` });
    up();
    this.#lookAtAll();
    for (;;) {
      if (session.lost !== null) throw session.lost;
      if (this.#due.size > 0) await this.#readDue(session);
      else if (await this.#isQuiet()) this.#lookAtAll();
    }
  }

  #onDue(token: string): void {
    this.#due.add(token);
    this.#wake();
  }

  #lookAtAll(): void {
    for (const [token, { followed }] of this.#runs) {
      if (followed.hasEnded) this.#forget(token, followed);
      else this.#due.add(token);
    }
  }

  // Resolves with true after a second without work, and with false as soon as there is work.
  #isQuiet(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS, true).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve(false);
      };
    });
  }

  async #readDue(session: PostgresSession): Promise<void> {
    const tokens = [...this.#due].slice(0, RUNS_AT_ONCE);
    for (const token of tokens) this.#due.delete(token);
    const readings = tokens.flatMap((token) => this.#runs.get(token) ?? []);
    if (readings.length === 0) return;
    const { count } = this.#size;
    const rows = await session.query(this.#statements.runPage, [
      readings.map(({ run }) => run.id),
      readings.map(({ run }) => run.token),
      readings.map(({ followed }) => followed.position),
      count,
    ]);
    this.#size.adapt(rows.length, bytesIn(rows));
    for (const reading of readings) {
      const own = rows.filter(({ token }) => token === reading.run.token);
      this.#ingest(reading, { rows: own, isWhole: own.length < count });
    }
  }

  #ingest({ run, followed }: Reading, page: RunPage): void {
    const entries = readRunPage(page, followed.position);
    if (entries.length > 0) followed.ingest(entries);
    if (followed.hasEnded) this.#forget(run.token, followed);
    else if (page.isWhole) followed.look();
    else this.#due.add(run.token);
  }

  // The run may be followed again meanwhile: then the new entry stays.
  #forget(token: string, followed: FollowedRun): void {
    if (this.#runs.get(token)?.followed === followed) this.#runs.delete(token);
  }
}

function bytesIn(rows: readonly Row[]): number {
  return rows.reduce((sum, { payload }) => sum + (payload ?? "").length / 2, 0);
}
