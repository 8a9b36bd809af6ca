import { setTimeout as sleep } from "node:timers/promises";
import { toId } from "../log/cursor.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import { APPEND } from "./append-script.js";
import { isNoScript, type RedisSession } from "./redis-session.js";
import type { StreamEntry } from "./entry.js";
import type { Keys } from "./keys.js";
import { ensureEpoch, type LogState, type SeenEntry } from "./log-epoch.js";
import { closed } from "./reconnector.js";
import { NOTICE_MS, PendingAppend, type Draft } from "./pending-append.js";
import type { RedisLogSettings } from "./redis-log-options.js";
import { leadsElsewhere } from "./refusal.js";
import { ServerError } from "./server-error.js";

const MAX_WAITING = 10_000;
const MAX_WAITING_BYTES = 64 * 1_048_576;
const MAX_WAITING_NOTICES = 100_000;
const BATCH_COUNT = 256;
const BATCH_BYTES = 1_048_576;
const REFUSED_PAUSE_MS = 100;

/** What an append queue is made of. */
export interface AppendQueueParts {
  readonly node: string;
  readonly keys: Keys;
  readonly settings: RedisLogSettings;
  /** The last entry this node has read. */
  seen(): SeenEntry | null;
  /** Why Redis cannot be reached, if it cannot. */
  trouble(): Error | null;
  /** Redis has refused to take an entry, or takes them again. */
  onRefusal(cause: ServerError): void;
  onTaken(): void;
  /** Which life of the log there is, as far as Redis has said. */
  onEpoch(state: LogState): void;
  /** What is known to be gone. */
  onTrimmed(epoch: string, position: number): void;
}

/**
 * Appends what this node has to say, in the order of the calls, each entry once: what was sent without
 * an answer is sent again, and Redis knows it by its sequence.
 */
export class AppendQueue {
  readonly #parts: AppendQueueParts;
  // In the order of their sequence, which is that of the calls.
  readonly #waiting = new Set<PendingAppend>();
  // In the log already, but where is known only when they are read back.
  readonly #unplaced = new Map<number, PendingAppend>();
  #bytes = 0;
  #notices = 0;
  #sequence = 0;
  #epoch = "";
  #wake: () => void = () => undefined;
  #isClosed = false;

  constructor(parts: AppendQueueParts) {
    this.#parts = parts;
  }

  /** Resolves with the entry's id once it is in the log. */
  add(draft: Draft): Promise<string> {
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#isFull(draft)) return Promise.reject(tooMany());
    const lateMs = draft.kind === "notice" ? NOTICE_MS : this.#parts.settings.deadlineMs;
    const pending = new PendingAppend(draft, (this.#sequence += 1), lateMs, () => {
      // A notice stays: what it revokes must not be granted by the events behind it.
      if (draft.kind !== "notice") this.#remove(pending);
      pending.rejectLate(lateMs, this.#parts.trouble());
    });
    this.#waiting.add(pending);
    this.#bytes += pending.size;
    if (draft.kind === "notice") this.#notices += 1;
    this.#wake();
    return pending.done;
  }

  /** An entry of this node's own has been read: whatever became of the answer, it is in. */
  confirm({ sequence, epoch, position }: StreamEntry): void {
    const unplaced = this.#unplaced.get(sequence);
    if (unplaced !== undefined) this.#settle(unplaced, toId(epoch, position));
    for (const pending of this.#waiting) {
      if (pending.sequence > sequence) break;
      if (pending.sequence === sequence) this.#settle(pending, toId(epoch, position));
    }
  }

  async serve(redis: RedisSession, up: () => void): Promise<never> {
    redis.onEnd(() => {
      this.#wake();
    });
    await this.#ensureEpoch(redis);
    up();
    for (;;) {
      if (redis.lost !== null) throw redis.lost;
      const batch = this.#nextBatch();
      if (batch.length > 0) await this.#send(redis, batch);
      else await this.#work();
    }
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0;
  }

  /** Resolves when nothing waits. */
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

  async #ensureEpoch(redis: RedisSession): Promise<void> {
    const state = await ensureEpoch(redis, this.#parts.keys, this.#parts.seen());
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

  async #send(redis: RedisSession, batch: readonly PendingAppend[]): Promise<void> {
    const answers = await Promise.allSettled(
      batch.map((pending, at) => this.#append(redis, pending, batch[at - 1]?.sequence ?? 0)),
    );
    const refusals = answers.flatMap((answer, at) => {
      const pending = batch[at] as PendingAppend;
      return answer.status === "fulfilled"
        ? this.#take(pending, answer.value)
        : this.#refuse(redis, pending, answer.reason);
    });
    if (redis.lost !== null) throw redis.lost;
    const [refusal] = refusals;
    if (refusal === undefined) this.#parts.onTaken();
    else if (refusal === "epoch") await this.#ensureEpoch(redis);
    else if (refusal === "elsewhere") redis.end(refusedBy(answers));
    else if (refusal === "error") {
      this.#parts.onRefusal(new ServerError(redis.server, refusedBy(answers)));
      await sleep(REFUSED_PAUSE_MS, undefined, { ref: false });
    }
  }

  #append(redis: RedisSession, pending: PendingAppend, after: number): Promise<unknown> {
    const { keys, node, settings } = this.#parts;
    const { kind, head, payload, retain } = pending.draft;
    pending.onSend();
    const names = [keys.log, keys.meta, keys.marks, keys.seenOf(node), keys.kept, keys.order];
    const keep = retain === null ? "" : `${retain.maxAgeMs === null ? "-" : "="}${retain.key}`;
    const keepMs = String(retain?.maxAgeMs ?? 0);
    const bounds = [settings.maxEvents, settings.maxBytes, settings.maxAgeMs ?? 0].map(String);
    const sequences = [String(pending.sequence), String(after)];
    const args = [this.#epoch, node, ...sequences, kind, head, payload, keep, ...bounds, keepMs];
    return redis.runOnce(APPEND, names, args);
  }

  #take(pending: PendingAppend, answer: unknown): Array<"epoch"> {
    const [what, position, trimmed] = answer as [Buffer, number, number];
    if (String(what) !== "in") {
      pending.onRefused(undefined);
      return String(what) === "epoch" ? ["epoch"] : [];
    }
    this.#parts.onTrimmed(this.#epoch, trimmed);
    if (position > 0) {
      this.#settle(pending, toId(this.#epoch, position));
    } else if (this.#waiting.has(pending)) {
      this.#remove(pending);
      this.#unplaced.set(pending.sequence, pending);
    }
    return [];
  }

  #refuse(
    redis: RedisSession,
    pending: PendingAppend,
    cause: unknown,
  ): Array<"elsewhere" | "error" | "script"> {
    if (redis.lost !== null) {
      pending.onSilence(cause);
      return [];
    }
    pending.onRefused(cause);
    if (isNoScript(cause)) return ["script"];
    return leadsElsewhere(cause) ? ["elsewhere"] : ["error"];
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

function refusedBy(answers: ReadonlyArray<PromiseSettledResult<unknown>>): Error {
  const [refused] = answers.filter(({ status }) => status === "rejected");
  return (refused as PromiseRejectedResult).reason as Error;
}

function tooMany(): SseHubError {
  return new SseHubError(
    "ERR_SSE_LOG",
    "The Redis send queue is full. The event was not sent; send it again later.",
    { outcome: "not-sent" },
  );
}
