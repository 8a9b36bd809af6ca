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

// What a visit may write at once; entries beyond it wait for the next pass, so no socket is flooded.
const PASS_BYTES = 65_536;

/** What the fan-out is made of. */
export interface FanOutParts {
  readonly log: EventLog;
  readonly generation: LogGeneration;
  readonly report: Report;
  readonly times: PassTimes;
  /** Milliseconds that an entry may wait for others; 0 for those of one tick only. */
  readonly coalesceMs: number;
  readonly runDetached: DetachedScope;
  /** Takes over a connection that is no longer live; its `position` is right. */
  readonly readOn: (connection: LogReader) => void;
}

/**
 * Live delivery. It follows the log and visits every live connection with what has come: one write
 * for all entries since the last pass. When publishers are faster than a pass, passes merge.
 *
 * Invariant: a live connection has everything up to `served`; during a pass, those already visited
 * have everything up to the end of the pass. A connection that becomes live meanwhile carries its own position.
 */
export class FanOut {
  readonly #log: EventLog;
  readonly #generation: LogGeneration;
  readonly #parts: FanOutParts;
  readonly #live = new Set<LogReader>();
  readonly #index = new AudienceIndex<LogReader>(this.#live);
  /** Entries given live so far. */
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

  /** Up to where every live connection has been served, or `null` while a pass is under way. */
  get settledAt(): number | null {
    return this.#isPassing ? null : this.#served;
  }

  /** Number of live connections. */
  get size(): number {
    return this.#live.size;
  }

  /** Takes in a connection that has everything up to its `position`, which is the log's head. */
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

  /** Gives a connection back, to read on by itself from what it has. */
  giveBack(connection: LogReader): void {
    if (!connection.isLive) return;
    // What a pass has given it so far shows in its cursor, but for volatile entries, which are not repeated.
    const position = Math.max(connection.position, this.#served, connection.cursorPosition);
    connection.fallBehind(position, this.#isPassing ? this.#log.head : position);
    this.delete(connection);
    this.#parts.readOn(connection);
  }

  /** A live connection has joined rooms, or left them. */
  onRooms(connection: LogReader, rooms: readonly string[], change: "join" | "leave"): void {
    if (connection.isLive) this.#index[change](connection, rooms);
  }

  /** The log's head has moved. */
  onMove(): void {
    this.#schedule();
  }

  /** What the live connections have not been given is lost: each finds out by itself, reading on. */
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
      // What was there when the last pass began has waited already.
      if (this.#served >= head) await this.#gather(slices);
      head = this.#log.head;
      if (this.#live.size === 0) {
        // Who comes reads on from a position of its own.
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

  // What is broadcast in one tick goes out in one write, and what comes a little later if that is wanted.
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
    // A quarter of the log's window has gone by: quiet readers get the position, or they would be
    // told one day that their cursor has left the log although nothing was for them.
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
      // Who is live now reads in another generation of the log.
      if (generation !== this.#generation.current) return;
    }
    this.#served = end;
    this.#parts.times.finish(startedAt, entries, this.#writes - writes);
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
    this.#parts.readOn(connection);
  }

  #onOverrun(): void {
    this.#parts.report(overrun());
    this.#giveAllBack();
  }

  // The log has let go of entries that nobody was given. Each connection finds out by itself, at its
  // own position, which is where it reads on.
  #giveAllBack(): void {
    const connections = [...this.#live];
    for (const connection of connections) {
      connection.fallBehind(Math.max(connection.position, this.#served));
      this.delete(connection);
    }
    this.#served = this.#log.head;
    this.#parts.times.skip(this.#served);
    for (const connection of connections) this.#parts.readOn(connection);
  }
}
