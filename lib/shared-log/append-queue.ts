import { setTimeout as sleep } from "node:timers/promises";
import { toId } from "../log/cursor.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import type { AppendAnswer, Engine } from "./engine.js";
import type { LogSession } from "./log-session.js";
import type { LogState, SeenEntry } from "./log-state.js";
import { closed } from "./reconnector.js";
import { NOTICE_MS, PendingAppend, type Draft } from "./pending-append.js";
import { ServerError } from "./server-error.js";
import type { SharedEntry } from "./shared-entry.js";

const MAX_WAITING = 10_000;
const MAX_WAITING_BYTES = 64 * 1_048_576;
const MAX_WAITING_NOTICES = 100_000;
const BATCH_COUNT = 256;
const BATCH_BYTES = 1_048_576;
const REFUSED_PAUSE_MS = 100;

/** What an {@link AppendQueue} is given by the log. */
export interface AppendQueueParts<S extends LogSession> {
  readonly engine: Pick<Engine<S>, "name" | "append" | "ensureEpoch">;
  readonly deadlineMs: number;
  /** The last entry that this node has read. */
  seen(): SeenEntry | null;
  /** Why the server cannot be reached; `null` if it can. */
  trouble(): Error | null;
  /** The server has refused an entry. */
  onRefusal(cause: ServerError): void;
  /** The server has accepted entries. */
  onTaken(): void;
  /** The server has told the current epoch of the log. */
  onEpoch(state: LogState): void;
  /** Entries up to this position are gone from the server. */
  onTrimmed(epoch: string, position: number): void;
}

/**
 * Appends the entries of this node in the order of the calls, each once. An entry that was sent without an answer is
 * sent again; the server recognizes it by its sequence.
 */
export class AppendQueue<S extends LogSession> {
  readonly #parts: AppendQueueParts<S>;
  // In the order of their sequence, which is the order of the calls.
  readonly #waiting = new Set<PendingAppend>();
  // Already in the log, but their position is known only when they are read back.
  readonly #unplaced = new Map<number, PendingAppend>();
  #bytes = 0;
  #notices = 0;
  #sequence = 0;
  #epoch = "";
  #wake: () => void = () => undefined;
  #isClosed = false;

  constructor(parts: AppendQueueParts<S>) {
    this.#parts = parts;
  }

  /** Resolves with the entry's id once it is in the log. */
  add(draft: Draft): Promise<string> {
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#isFull(draft)) return Promise.reject(tooMany(this.#parts.engine.name));
    const lateMs = draft.kind === "notice" ? NOTICE_MS : this.#parts.deadlineMs;
    const by = { engine: this.#parts.engine.name, sequence: (this.#sequence += 1) };
    const pending = new PendingAppend(draft, by, lateMs, () => {
      // A message to other nodes stays in the queue: events after it must not reach users whose access it ends.
      if (draft.kind !== "notice") this.#remove(pending);
      pending.rejectLate(lateMs, this.#parts.trouble());
    });
    this.#waiting.add(pending);
    this.#bytes += pending.size;
    if (draft.kind === "notice") this.#notices += 1;
    this.#wake();
    return pending.done;
  }

  /** An entry of this node was read back, so it is in the log even if the answer was lost. */
  confirm({ sequence, epoch, position }: SharedEntry): void {
    const unplaced = this.#unplaced.get(sequence);
    if (unplaced !== undefined) this.#settle(unplaced, toId(epoch, position));
    for (const pending of this.#waiting) {
      if (pending.sequence > sequence) break;
      if (pending.sequence === sequence) this.#settle(pending, toId(epoch, position));
    }
  }

  async serve(session: S, up: () => void): Promise<never> {
    session.onEnd(() => {
      this.#wake();
    });
    await this.#ensureEpoch(session);
    up();
    for (;;) {
      if (session.lost !== null) throw session.lost;
      const batch = this.#nextBatch();
      if (batch.length > 0) await this.#send(session, batch);
      else await this.#work();
    }
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0;
  }

  /** Resolves when no entry waits. */
  async whenIdle(): Promise<void> {
    await Promise.allSettled([...this.#waiting].map(({ done }) => done));
  }

  close(): void {
    this.#isClosed = true;
    for (const pending of [...this.#waiting, ...this.#unplaced.values()]) pending.rejectClosed();
    this.#waiting.clear();
    this.#unplaced.clear();
    this.#wake();
  }

  async #ensureEpoch(session: S): Promise<void> {
    const state = await this.#parts.engine.ensureEpoch(session, this.#parts.seen());
    this.#epoch = state.epoch;
    this.#parts.onEpoch(state);
  }

  #work(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #nextBatch(): PendingAppend[] {
    const batch: PendingAppend[] = [];
    let bytes = 0;
    for (const pending of this.#waiting) {
      bytes += pending.size;
      if (batch.length === BATCH_COUNT || (batch.length > 0 && bytes > BATCH_BYTES)) break;
      batch.push(pending);
    }
    return batch;
  }

  async #send(session: S, batch: readonly PendingAppend[]): Promise<void> {
    for (const pending of batch) pending.onSend();
    const answers = await this.#parts.engine.append(session, this.#epoch, batch);
    for (const [at, answer] of answers.entries()) {
      this.#take(session, batch[at] as PendingAppend, answer);
    }
    if (session.lost !== null) throw session.lost;
    const missed = answers.find(({ kind }) => kind !== "in" && kind !== "behind");
    if (missed === undefined) this.#parts.onTaken();
    else if (missed.kind === "epoch") await this.#ensureEpoch(session);
    else if (missed.kind === "refused") await this.#onRefusal(session, missed);
  }

  async #onRefusal(
    session: S,
    { cause, isElsewhere }: AppendAnswer & { readonly kind: "refused" },
  ): Promise<void> {
    if (isElsewhere) {
      session.end(cause as Error);
      return;
    }
    this.#parts.onRefusal(new ServerError(session.server, cause));
    await sleep(REFUSED_PAUSE_MS, undefined, { ref: false });
  }

  #take(session: S, pending: PendingAppend, answer: AppendAnswer): void {
    if (answer.kind !== "in") {
      const cause = answer.kind === "refused" ? answer.cause : undefined;
      if (session.lost !== null && answer.kind === "refused") pending.onSilence(cause);
      else pending.onRefused(cause);
      return;
    }
    const { epoch, position, trimmed } = answer;
    this.#parts.onTrimmed(epoch, trimmed);
    if (position > 0) {
      this.#settle(pending, toId(epoch, position));
    } else if (this.#waiting.has(pending)) {
      this.#remove(pending);
      this.#unplaced.set(pending.sequence, pending);
    }
  }

  #settle(pending: PendingAppend, id: string): void {
    this.#remove(pending);
    pending.resolve(id);
  }

  #remove(pending: PendingAppend): void {
    this.#unplaced.delete(pending.sequence);
    if (!this.#waiting.delete(pending)) return;
    this.#bytes -= pending.size;
    if (pending.draft.kind === "notice") this.#notices -= 1;
  }

  #isFull({ kind, payload }: Draft): boolean {
    if (kind === "notice") return this.#notices >= MAX_WAITING_NOTICES;
    const others = this.#waiting.size - this.#notices;
    return others >= MAX_WAITING || this.#bytes + payload.length > MAX_WAITING_BYTES;
  }
}

function tooMany(engine: string): SseHubError {
  return new SseHubError(
    "ERR_SSE_LOG",
    `The ${engine} send queue is full. The event was not sent; send it again later.`,
    { outcome: "not-sent" },
  );
}
