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

/** What {@link Replay} is given by delivery. */
export interface ReplayParts {
  readonly log: EventLog;
  readonly generation: LogGeneration;
  readonly report: Report;
  readonly runDetached: DetachedScope;
  /** Watches the sockets of readers that wait for `drain`. */
  readonly stalls: Pick<StallWatch, "add" | "delete">;
  /** Takes over a connection that is at the head of the log. */
  readonly onHead: (connection: LogReader) => void;
  /**
   * Called for a connection that has missed entries in a break of the log. Returns true if the connection may go on
   * with the next entries.
   */
  readonly onBroken: (connection: LogReader) => boolean;
}

/**
 * Serves the connections that are behind: new ones, ones that reconnected, and ones whose socket was full. They hold
 * no queue, only a position in the log. Each receives a page in its turn; at the head of the log it becomes live.
 * Connections that read the same page share it.
 */
export class Replay {
  /** Entries delivered to connections that were behind, so far. */
  replayed = 0;
  /** Volatile entries that connections missed because they were behind. */
  dropped = 0;
  /** How often a connection was sent `hub:gap`. */
  gaps = 0;
  readonly #log: EventLog;
  readonly #generation: LogGeneration;
  readonly #parts: ReplayParts;
  readonly #pages: PageCache;
  #turns: LogReader[] = [];
  // Pages that the log had to fetch, until the turn of their reader.
  readonly #fetched = new WeakMap<LogReader, Page>();
  // Connections whose turn came while they were held.
  readonly #parked = new WeakSet<LogReader>();
  readonly #reported = new WeakSet<Promise<Page>>();
  #isReading = false;

  constructor(parts: ReplayParts) {
    this.#log = parts.log;
    this.#generation = parts.generation;
    this.#parts = parts;
    this.#pages = new PageCache(parts.log);
  }

  /** Reads on from the connection's position, as soon as its socket can take more. */
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

  /** The log has lost entries, or has started again. */
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
   * Sends the newest entry of each retain key that is for this connection, up to its position: newer entries come
   * from the log.
   */
  sendRetained(connection: LogReader): void {
    for (const entry of this.#log.retained) {
      if (entry.position > connection.position) break;
      if (reaches(entry, connection)) this.#sendAgain(entry, connection);
    }
  }

  /** The same for rooms that were joined later: sends the retained entries of these rooms. */
  sendRetainedOf(rooms: readonly string[], connection: LogReader): void {
    if (rooms.length === 0) return;
    for (const entry of this.#log.retained) {
      const isOfRooms = entry.audience.rooms?.some((room) => rooms.includes(room)) === true;
      const isNew =
        isOfRooms && !reaches(entry, connection) && reaches(entry, connection, Infinity);
      if (isNew) this.#sendAgain(entry, connection);
    }
  }

  #sendAgain(entry: LogEntry, connection: LogReader): void {
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
        // If the log failed, the connections that were not served keep their turn.
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
      this.#passBreak(connection);
      return;
    }
    // First the state of the rooms, then the events that change it.
    this.sendRetainedOf(connection.takeLateRooms(), connection);
    if (connection.position >= this.#log.head) {
      this.#goLive(connection);
      return;
    }
    const page = this.#fetched.get(connection) ?? this.#pages.after(connection.position);
    this.#fetched.delete(connection);
    // The other connections do not wait for a page that the log must fetch.
    if (page instanceof Promise) {
      this.#await(page, connection);
      return;
    }
    if (page.isTrimmed) this.#skip(connection);
    else this.#sendPage(connection, page);
    this.resume(connection);
  }

  // The page is sent in the connection's next turn: many may wait for it, or the log may have broken meanwhile.
  #await(fetching: Promise<Page>, connection: LogReader): void {
    fetching.then(
      (page) => {
        if (connection.hasEnded) return;
        this.#fetched.set(connection, page);
        this.resume(connection);
      },
      (cause: unknown) => {
        // Reported once, however many connections wait for the page.
        if (!this.#reported.has(fetching)) this.#parts.report(logFailed(cause));
        this.#reported.add(fetching);
        setTimeout(() => {
          this.resume(connection);
        }, LOG_RETRY_MS).unref();
      },
    );
  }

  #passBreak(connection: LogReader): void {
    connection.enterGeneration(this.#generation.current);
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
    this.sendRetained(connection);
  }

  #sendPage(connection: LogReader, { entries, empty }: Page): void {
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
