import { randomBytes } from "node:crypto";
import type { LogDraft } from "../log/event-log.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import type { OlderPage } from "../shared-log/backfill.js";
import type { AppendAnswer, Engine, Reading, RunsParts } from "../shared-log/engine.js";
import type { LogMirror } from "../shared-log/log-mirror.js";
import type { LogState, SeenEntry } from "../shared-log/log-state.js";
import { PageSize } from "../shared-log/page-size.js";
import type { PendingAppend } from "../shared-log/pending-append.js";
import type { AnswersSeen } from "../shared-log/answers.js";
import { DEAD_MS } from "../shared-log/questions.js";
import { retainOf } from "../shared-log/retain.js";
import { writeHead } from "../shared-log/shared-entry.js";
import type { Trouble } from "../shared-log/trouble.js";
import { bytesOf } from "./entry.js";
import { statementsOf, type LogStatements } from "./log-statements.js";
import { VERSION } from "./migration.js";
import { readOlder } from "./older-page.js";
import type { PostgresLogSettings } from "./postgres-log-options.js";
import { PostgresSession, sqlStateOf } from "./postgres-session.js";
import { RowReader } from "./row-reader.js";
import { PostgresRuns } from "./runs/postgres-runs.js";
import { checkServer } from "./server-check.js";
import { readState } from "./state.js";
import { queryOf } from "./transaction.js";
import { Trimmer } from "./trimmer.js";
import { troubleOf } from "./trouble.js";

const NOTHING_SEEN: SeenEntry = { epoch: "", position: 0, node: "", sequence: 0 };

/** A log in tables of PostgreSQL. */
export class PostgresEngine implements Engine<PostgresSession> {
  readonly name = "PostgreSQL";
  readonly #settings: PostgresLogSettings;
  readonly #node: string;
  readonly #statements: LogStatements;
  readonly #trimmer: Trimmer;
  readonly #olderSize = new PageSize();
  #written = 0;

  constructor(settings: PostgresLogSettings, node: string) {
    this.#settings = settings;
    this.#node = node;
    this.#statements = statementsOf(settings);
    this.#trimmer = new Trimmer(settings, this.#statements.trim);
  }

  async open(): Promise<PostgresSession> {
    const session = await PostgresSession.open(this.#settings.createClient);
    try {
      await checkServer(session, this.#statements.hello);
      return session;
    } catch (cause) {
      session.end(cause as Error);
      throw session.lost ?? cause;
    }
  }

  warningOf(): Promise<Trouble | null> {
    return Promise.resolve(null);
  }

  troubleOf(cause: unknown): Trouble {
    return troubleOf(cause);
  }

  async ensureEpoch(session: PostgresSession, seen: SeenEntry | null): Promise<LogState> {
    const { epoch, position, node, sequence } = seen ?? NOTHING_SEEN;
    const candidate = randomBytes(6).toString("base64url");
    const { begin, state } = this.#statements;
    await session.query(begin, [VERSION, candidate, epoch, position, node, sequence]);
    return readState(await session.query(state, []));
  }

  async append(
    session: PostgresSession,
    epoch: string,
    batch: readonly PendingAppend[],
  ): Promise<AppendAnswer[]> {
    try {
      const places = await this.#append(session, epoch, batch);
      this.#trimmer.onAppended(session, batch);
      return batch.map(({ sequence }) => {
        const place = places.get(sequence);
        return place === undefined ? { kind: "epoch" } : { kind: "in", epoch, ...place };
      });
    } catch (cause) {
      // Read-only transaction: this server is no longer the primary.
      const isElsewhere = sqlStateOf(cause) === "25006";
      return batch.map(() => ({ kind: "refused", cause, isElsewhere }));
    }
  }

  within(transaction: object): (draft: LogDraft) => Promise<void> {
    const query = queryOf(transaction);
    return async (draft) => {
      const { text } = this.#statements.within;
      const retain = retainOf(draft);
      const key = retain === null ? null : Buffer.from(retain.key);
      // A name of its own: entries of a transaction must not confirm this node's other appends.
      const by = [`${this.#node}/within`, (this.#written += 1)];
      try {
        await query(text, [
          ...by,
          Buffer.from(writeHead(draft)),
          draft.frame,
          key,
          retain?.keepMs ?? null,
        ]);
      } catch (cause) {
        throw notWithin(cause);
      }
    };
  }

  read(session: PostgresSession, reading: Reading): Promise<never> {
    const ensureEpoch = () => this.ensureEpoch(session, reading.mirror.seen);
    const [node, statements, trimmer] = [this.#node, this.#statements, this.#trimmer];
    return new RowReader({ ...reading, session, node, statements, trimmer, ensureEpoch }).serve();
  }

  readOlder(session: PostgresSession, mirror: LogMirror, start: number): Promise<OlderPage | null> {
    const parts = { statement: this.#statements.older, mirror, size: this.#olderSize };
    return readOlder(session, parts, start);
  }

  async headOf(session: PostgresSession): Promise<{ epoch: string; head: number } | null> {
    const [row] = await session.query(this.#statements.head, []);
    return row?.epoch == null || row.epoch === ""
      ? null
      : { epoch: row.epoch, head: Number(row.head) };
  }

  reply(session: PostgresSession, question: string, text: string): Promise<unknown> {
    return session.query(this.#statements.reply, [question, Buffer.from(text)]);
  }

  // Always all answers: they become visible in another order than that of their ids.
  async look(session: PostgresSession, question: string): Promise<AnswersSeen> {
    const { nodes, replies } = this.#statements;
    // First the answers, then the nodes: a node that stops in between is then not waited for.
    const answers = await session.query(replies, [question]);
    const alive = await session.query(nodes, [DEAD_MS]);
    return {
      alive: alive.map(({ node }) => String(node)),
      replies: answers.map(({ answer }) => bytesOf(answer)),
    };
  }

  leave(session: PostgresSession): Promise<unknown> {
    return session.query(this.#statements.leave, [this.#node]);
  }

  createRuns(parts: RunsParts<PostgresSession>): PostgresRuns {
    return new PostgresRuns(this.#statements, parts);
  }

  async #append(
    session: PostgresSession,
    epoch: string,
    batch: readonly PendingAppend[],
  ): Promise<Map<number, { position: number; trimmed: number }>> {
    const drafts = batch.map(({ draft }) => draft);
    const rows = await session.query(this.#statements.append, [
      epoch,
      this.#node,
      batch.map(({ sequence }) => sequence),
      drafts.map(({ kind }) => kind),
      drafts.map(({ head }) => Buffer.from(head)),
      drafts.map(({ payload }) => payload),
      drafts.map(({ retain }) => (retain === null ? null : Buffer.from(retain.key))),
      drafts.map(({ retain }) => retain?.keepMs ?? null),
    ]);
    return new Map(
      rows.map(({ entry_sequence, entry_position, entry_trimmed }) => [
        Number(entry_sequence),
        { position: Number(entry_position), trimmed: Number(entry_trimmed) },
      ]),
    );
  }
}

function notWithin(cause: unknown): SseHubError {
  return new SseHubError(
    "ERR_SSE_LOG",
    `PostgreSQL has refused an event in the transaction (${(cause as Error).message}). ` +
      "The event was not sent. Roll the transaction back.",
    { cause, outcome: "not-sent" },
  );
}
