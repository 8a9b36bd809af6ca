import { setTimeout as sleep } from "node:timers/promises";
import type { EventLog, LogEntry } from "../log/event-log.js";
import type { Report } from "../audience/audience.js";
import { AudienceIndex } from "../audience/audience-index.js";
import { LOG_RETRY_MS, logFailed, overrun } from "./log-failed.js";
import type { EntryBatch } from "./entry-batch.js";
import type { LogGeneration } from "./log-generation.js";
import type { LogReader } from "./log-reader.js";
import { PassDelivery } from "./pass-delivery.js";
import type { PassTimes } from "./pass-times.js";
import type { DetachedScope } from "../async/detached-scope.js";
import { Slices } from "../async/slices.js";

// How much of the log one pass reads; further entries wait for the next pass, so that no socket is flooded.
const PASS_BYTES = 65_536;

/** What {@link FanOut} is given by delivery. */
export interface FanOutParts {
  readonly log: EventLog;
  readonly generation: LogGeneration;
  readonly report: Report;
  readonly times: PassTimes;
  /** Milliseconds that an entry may wait for others to share a write; 0: only entries of one tick share a write. */
  readonly coalesceMs: number;
  readonly runDetached: DetachedScope;
  /** Takes over a connection that is no longer live, from its `position`. */
  readonly resume: (connection: LogReader) => void;
}

/**
 * Live delivery in passes. A pass visits the live connections and writes to each, in one write, all entries that
 * arrived since the last pass. If entries arrive faster than a pass takes, the next pass delivers more of them.
 *
 * Invariant: a live connection has received everything up to `served`. During a pass, the connections already
 * visited have received everything up to the end of the pass. A connection that becomes live during a pass has a
 * later position of its own.
 */
export class FanOut {
  readonly #log: EventLog;
  readonly #generation: LogGeneration;
  readonly #parts: FanOutParts;
  readonly #live = new Set<LogReader>();
  readonly #index = new AudienceIndex<LogReader>(this.#live);
  /** Entries delivered live so far, counted once for each connection. */
  delivered = 0;
  #writes = 0;
  #served: number;
  #tickedAt: number;
  #isPassing = false;
  #isClosed = false;

  constructor(parts: FanOutParts) {
    this.#log = parts.log;
    this.#generation = parts.generation;
    this.#parts = parts;
    this.#served = this.#log.head;
    this.#tickedAt = this.#log.head;
  }

  /** The position up to which every live connection is served; `null` during a pass. */
  get settledAt(): number | null {
    return this.#isPassing ? null : this.#served;
  }

  /** Number of live connections. */
  get size(): number {
    return this.#live.size;
  }

  /** Adds a connection that has received everything up to its `position`, which is the log's head. */
  add(connection: LogReader): void {
    connection.goLive();
    this.#live.add(connection);
    this.#index.add(connection);
  }

  delete(connection: LogReader): void {
    if (!this.#live.delete(connection)) return;
    connection.leaveLive();
    this.#index.delete(connection);
  }

  /** Hands a live connection back to replay, from the position up to which it is served. */
  giveBack(connection: LogReader): void {
    if (!connection.isLive) return;
    // During a pass its cursor tells whether the pass has visited it. Volatile entries have no id, so they do not
    // show there; they are not sent again.
    const position = Math.max(connection.position, this.#served, connection.cursorPosition);
    connection.fallBehind(position, this.#isPassing ? this.#log.head : position);
    this.delete(connection);
    this.#parts.resume(connection);
  }

  /** A connection has joined or left rooms. */
  onRooms(connection: LogReader, rooms: readonly string[], change: "join" | "leave"): void {
    if (connection.isLive) this.#index[change](connection, rooms);
  }

  /** The log's head has moved. */
  onMove(): void {
    this.#schedule();
  }

  /** Entries that were not delivered yet are lost. Each connection learns of it in replay. */
  onBreak(): void {
    this.#tickedAt = this.#log.head;
    this.#parts.times.clear();
    this.#giveAllBack();
  }

  /** Resolves when every live connection has been served up to a position, or at the deadline. */
  async whenServed(position: number, deadline: number): Promise<void> {
    while (this.#served < position && performance.now() < deadline) await sleep(1);
  }

  close(): void {
    this.#isClosed = true;
  }

  #schedule(): void {
    if (this.#isPassing) return;
    this.#isPassing = true;
    this.#parts.runDetached(() => {
      this.#run().catch((cause: unknown) => {
        this.#parts.report(logFailed(cause));
        setTimeout(() => {
          this.#isPassing = false;
          if (!this.#isClosed) this.#schedule();
        }, LOG_RETRY_MS).unref();
      });
    });
  }

  async #run(): Promise<void> {
    const slices = new Slices();
    let head = this.#served;
    while (this.#served < this.#log.head && !this.#isClosed) {
      // Entries that were in the log when the last pass began have already waited.
      if (this.#served >= head) await this.#gather(slices);
      head = this.#log.head;
      if (this.#live.size === 0) {
        // A connection that becomes live later has a position of its own.
        this.#served = this.#log.head;
        this.#parts.times.skip(this.#served);
        break;
      }
      const generation = this.#generation.current;
      const { entries, isTrimmed } = await this.#log.read(this.#served, PASS_BYTES);
      if (generation !== this.#generation.current) continue;
      if (isTrimmed) this.#onOverrun();
      else await this.#pass(entries, slices);
    }
    this.#isPassing = false;
  }

  // Waits for further entries of this tick, and for those within `coalesceMs`, so that they share one write.
  async #gather(slices: Slices): Promise<void> {
    const { coalesceMs } = this.#parts;
    if (coalesceMs > 0) await sleep(coalesceMs, undefined, { ref: false });
    await slices.next();
  }

  async #pass(entries: readonly LogEntry[], slices: Slices): Promise<void> {
    const end = entries.at(-1)?.position ?? this.#served;
    const generation = this.#generation.current;
    const [startedAt, writes] = [this.#parts.times.start(), this.#writes];
    const delivery = new PassDelivery(entries, this.#index);
    // The log has moved on by a quarter of its size: a tick moves the cursors of quiet readers. Otherwise a cursor
    // would leave the log one day, and its reader would be told of a gap although it has missed nothing.
    const isTickDue = this.#log.stale > this.#tickedAt;
    if (isTickDue) this.#tickedAt = end;
    for (const connection of (isTickDue ? null : delivery.only) ?? this.#live) {
      if (!connection.isLive) continue;
      this.#visit(connection, delivery.batchFor(connection, this.#served), end);
      if (isTickDue && connection.cursorPosition < end && !connection.transport.needsDrain) {
        connection.tick(end);
      }
      if (!slices.isOver()) continue;
      await slices.next();
      // After a break the live connections belong to another generation of the log.
      if (generation !== this.#generation.current) return;
    }
    this.#served = end;
    const { epoch } = this.#log;
    this.#parts.times.finish(startedAt, { entries, writes: this.#writes - writes, epoch });
    if (slices.isLate()) await slices.next();
  }

  #visit(connection: LogReader, batch: EntryBatch, end: number): void {
    if (batch.isEmpty) return;
    this.delivered += batch.count;
    this.#writes += 1;
    connection.deliver(batch);
    if (!connection.isFull) return;
    connection.fallBehind(Math.max(connection.position, end));
    this.delete(connection);
    this.#parts.resume(connection);
  }

  #onOverrun(): void {
    this.#parts.report(overrun());
    this.#giveAllBack();
  }

  // The log has dropped entries that were not delivered. Each connection goes back to replay at its own position,
  // and learns there whether it has missed entries.
  #giveAllBack(): void {
    const connections = [...this.#live];
    for (const connection of connections) {
      connection.fallBehind(Math.max(connection.position, this.#served));
      this.delete(connection);
    }
    this.#served = this.#log.head;
    this.#parts.times.skip(this.#served);
    for (const connection of connections) this.#parts.resume(connection);
  }
}
