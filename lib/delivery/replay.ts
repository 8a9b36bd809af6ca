import type { StallWatch } from "../connection/stall-watch.js";
import type { EventLog, LogEntry } from "../log/event-log.js";
import { withoutId } from "../wire/encoder.js";
import { reaches, type Report } from "../audience/audience.js";
import { LOG_RETRY_MS, logFailed } from "./log-failed.js";
import type { LogGeneration } from "./log-generation.js";
import type { LogReader } from "./log-reader.js";
import { PageCache, type Page } from "./page-cache.js";
import type { DetachedScope } from "../async/detached-scope.js";
import { Slices } from "../async/slices.js";

/** What replay is made of. */
export interface ReplayParts {
  readonly log: EventLog;
  readonly generation: LogGeneration;
  readonly report: Report;
  readonly runDetached: DetachedScope;
  /** Watches the sockets that readers wait for. */
  readonly stalls: Pick<StallWatch, "add" | "delete">;
  /** Takes over a connection that is at the head of the log. */
  readonly onHead: (connection: LogReader) => void;
  /**
   * Called for a connection that has missed what nobody can tell it, in a break of the log. It gives
   * true where the connection may go on with what comes next.
   */
  readonly onBroken: (connection: LogReader) => boolean;
}

/**
 * Reads on for connections that are behind: those that have just come, those that came back, and
 * those whose socket took no more. They hold no queue, only a position in the log. In turn each gets
 * a page; at the head of the log it becomes live. Connections that read the same page share it.
 */
export class Replay {
  /** Entries given to connections that were behind, so far. */
  replayed = 0;
  /** Volatile entries that connections missed because they were behind. */
  dropped = 0;
  /** Times a connection was overtaken by the log. */
  gaps = 0;
  readonly #log: EventLog;
  readonly #generation: LogGeneration;
  readonly #parts: ReplayParts;
  readonly #pages: PageCache;
  #turns: LogReader[] = [];
  // Pages that had to be waited for, until their turn.
  readonly #fetched = new WeakMap<LogReader, Page>();
  // Those that are held, and had their turn.
  readonly #parked = new WeakSet<LogReader>();
  readonly #reported = new WeakSet<Promise<Page>>();
  #isReading = false;

  constructor(parts: ReplayParts) {
    this.#log = parts.log;
    this.#generation = parts.generation;
    this.#parts = parts;
    this.#pages = new PageCache(parts.log);
  }

  /** Reads on from the connection's position, as soon as its socket takes more. */
  resume(connection: LogReader): void {
    if (connection.hasEnded) return;
    if (connection.transport.needsDrain) {
      this.#parts.stalls.add(connection);
      connection.transport.onDrain(() => {
        this.#parts.stalls.delete(connection);
        this.resume(connection);
      });
      return;
    }
    this.#turns.push(connection);
    this.#start();
  }

  /** A connection that was held may read on. */
  release(connection: LogReader): void {
    if (this.#parked.delete(connection)) this.resume(connection);
  }

  /** The log has lost something, or begun anew. */
  onBreak(): void {
    this.#pages.clear();
  }

  #start(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#parts.runDetached(() => {
      this.#run().catch((cause: unknown) => {
        this.#parts.report(logFailed(cause));
        setTimeout(() => {
          this.#isReading = false;
          this.#start();
        }, LOG_RETRY_MS).unref();
      });
    });
  }

  /**
   * Gives the newest entry of each retain key that is for this connection, up to its position: what
   * is newer comes from the log.
   */
  giveRetained(connection: LogReader): void {
    for (const entry of this.#log.retained) {
      if (entry.position > connection.position) break;
      if (reaches(entry, connection)) this.#giveAgain(entry, connection);
    }
  }

  /** The same for rooms joined later: what was sent to them before, as far as it is retained. */
  giveRetainedOf(rooms: readonly string[], connection: LogReader): void {
    if (rooms.length === 0) return;
    for (const entry of this.#log.retained) {
      const isOfRooms = entry.audience.rooms?.some((room) => rooms.includes(room)) === true;
      const isNew =
        isOfRooms && !reaches(entry, connection) && reaches(entry, connection, Infinity);
      if (isNew) this.#giveAgain(entry, connection);
    }
  }

  #giveAgain(entry: LogEntry, connection: LogReader): void {
    connection.transport.write(withoutId(entry.bytes));
    this.replayed += 1;
  }

  async #run(): Promise<void> {
    const slices = new Slices();
    while (this.#turns.length > 0) {
      const connections = this.#turns;
      this.#turns = [];
      let served = 0;
      try {
        for (const connection of connections) {
          if (slices.isOver()) await slices.next();
          this.#readPage(connection);
          served += 1;
        }
      } finally {
        // Where the log failed, the rest has its turn again.
        this.#turns = connections.slice(served).concat(this.#turns);
      }
    }
    this.#isReading = false;
  }

  #readPage(connection: LogReader): void {
    if (connection.hasEnded) return;
    if (connection.isHeld) {
      this.#parked.add(connection);
      return;
    }
    if (connection.generation !== this.#generation.current) {
      this.#fetched.delete(connection);
      this.#crossBreak(connection);
      return;
    }
    // State comes before what happened to it.
    this.giveRetainedOf(connection.takeLateRooms(), connection);
    if (connection.position >= this.#log.head) {
      this.#goLive(connection);
      return;
    }
    const page = this.#fetched.get(connection) ?? this.#pages.after(connection.position);
    this.#fetched.delete(connection);
    // A page that is far away is not waited for by the others.
    if (page instanceof Promise) {
      this.#await(page, connection);
      return;
    }
    if (page.isTrimmed) this.#skip(connection);
    else this.#give(connection, page);
    this.resume(connection);
  }

  // It is given in a turn, like any other: many may have waited for it, or there was a break meanwhile.
  #await(fetching: Promise<Page>, connection: LogReader): void {
    fetching.then(
      (page) => {
        if (connection.hasEnded) return;
        this.#fetched.set(connection, page);
        this.resume(connection);
      },
      (cause: unknown) => {
        // Once, however many wait for the page.
        if (!this.#reported.has(fetching)) this.#parts.report(logFailed(cause));
        this.#reported.add(fetching);
        setTimeout(() => {
          this.resume(connection);
        }, LOG_RETRY_MS).unref();
      },
    );
  }

  #crossBreak(connection: LogReader): void {
    connection.crossInto(this.#generation.current);
    if (!this.#parts.onBroken(connection)) return;
    this.#skip(connection);
    this.resume(connection);
  }

  #goLive(connection: LogReader): void {
    const { position, cursorPosition, wantsTick, needsInitialState } = connection;
    if (wantsTick || needsInitialState || cursorPosition < this.#log.stale) {
      connection.tick(position);
    }
    this.#parts.onHead(connection);
  }

  #skip(connection: LogReader): void {
    this.gaps += 1;
    connection.skipTo(this.#log);
    this.giveRetained(connection);
  }

  #give(connection: LogReader, { entries, empty }: Page): void {
    let batch = empty;
    for (const entry of entries) {
      if (!reaches(entry, connection)) continue;
      if (entry.isVolatile && entry.position <= connection.volatileFrom) this.dropped += 1;
      else batch = batch.with(entry);
    }
    connection.moveTo(entries.at(-1)?.position ?? connection.position);
    if (batch.isEmpty) return;
    this.replayed += batch.count;
    connection.deliver(batch);
  }
}
