import { setTimeout as sleep } from "node:timers/promises";
import type { RunHeader, RunSink, RunVerdict, RunWrite, StoredRun } from "../../log/run-store.js";
import type { RunsParts, ServerRuns } from "../../shared-log/engine.js";
import { ServerError } from "../../shared-log/server-error.js";
import { withTimer } from "../../shared-log/timer.js";
import type { LogStatements } from "../log-statements.js";
import { sqlStateOf, type PostgresSession, type Row } from "../postgres-session.js";
import { RunReader } from "./run-reader.js";
import { readRun } from "./run-rows.js";

const PASSING_MS = 100;

/** The records of runs in tables of PostgreSQL. */
export class PostgresRuns implements ServerRuns {
  readonly #parts: RunsParts<PostgresSession>;
  readonly #statements: LogStatements;
  readonly #reader: RunReader;
  #reading: ReturnType<RunsParts<PostgresSession>["connect"]> | undefined;

  constructor(statements: LogStatements, parts: RunsParts<PostgresSession>) {
    this.#parts = parts;
    this.#statements = statements;
    this.#reader = new RunReader(statements, (run) => this.#lose(run, "expired"));
  }

  async begin(run: RunHeader): Promise<boolean> {
    const { id, token, since, leaseMs, keepMs } = run;
    const values = [id, token, JSON.stringify(run.for), since, leaseMs, keepMs];
    const [row] = await this.#inTime(() => this.#ask("runBegin", values));
    return row?.begun === "t";
  }

  async write(run: RunHeader, { after, frames, end }: RunWrite): Promise<RunVerdict> {
    const lengths = frames.map(({ length }) => length).join(",");
    const values = [after, frames.length, end ?? "", lengths, Buffer.concat(frames)];
    const [row] = await this.#ask("runWrite", [run.id, run.token, ...values]);
    return row?.verdict as RunVerdict;
  }

  async lose(run: RunHeader, when: "expired" | "now"): Promise<RunVerdict> {
    return (await this.#lose(run, when)).verdict;
  }

  async find(id: string): Promise<StoredRun | null> {
    const [row] = await this.#inTime(() => this.#ask("runFind", [id]));
    return row === undefined ? null : readRun(row);
  }

  async list(): Promise<StoredRun[]> {
    const rows = await this.#inTime(() => this.#ask("runList", []));
    const runs = rows.map(readRun).toSorted((a, b) => a.since - b.since);
    return Promise.all(runs.map((run) => this.#judge(run)));
  }

  follow(run: RunHeader, sink: RunSink): () => void {
    this.#reading ??= this.#parts.connect(this.#reader);
    return this.#reader.follow(run, sink);
  }

  async close(): Promise<void> {
    await this.#reading?.close();
  }

  // Checks whether the producer is alive: no follower may have done that.
  async #judge(run: StoredRun): Promise<StoredRun> {
    if (run.state !== "running") return run;
    const verdict = await this.lose(run, "expired");
    return verdict === "lost" ? { ...run, state: verdict } : run;
  }

  async #lose(
    { id, token }: RunHeader,
    when: "expired" | "now",
  ): Promise<{ readonly verdict: RunVerdict; readonly restMs: number }> {
    const [row] = await this.#inTime(() => this.#ask("runLose", [id, token, when]));
    return { verdict: row?.verdict as RunVerdict, restMs: Number(row?.rest) };
  }

  // Every statement that is sent here may be repeated.
  async #ask(what: keyof LogStatements, values: readonly unknown[]): Promise<Row[]> {
    for (;;) {
      const session = await this.#parts.whenUp();
      try {
        return await session.query(this.#statements[what], values);
      } catch (cause) {
        if (session.lost !== null) continue;
        const state = sqlStateOf(cause);
        // 25006: this server is no longer the primary. 40P01 and 40001: a deadlock or conflict, so try again.
        if (state === "25006") session.end(cause as Error);
        else if (state === "40P01" || state === "40001") await sleep(PASSING_MS);
        else throw new ServerError(session.server, cause);
      }
    }
  }

  #inTime<T>(ask: () => Promise<T>): Promise<T> {
    return withTimer(ask(), this.#parts.deadlineMs, "PostgreSQL could not be reached");
  }
}
