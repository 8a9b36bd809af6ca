import type { StreamConnection } from "../connection/connection.js";
import { toId } from "../log/cursor.js";
import type { EventLog, LogPage } from "../log/event-log.js";
import { reaches, type Report } from "./audience.js";
import { Bundle } from "./bundle.js";
import type { FanOut } from "./fan-out.js";
import { logFailed } from "./log-failed.js";
import type { RunOutside } from "./run-outside.js";
import { Slices } from "./slices.js";

const PAGE_BYTES = 65_536;
// Pages kept for others at the same position: about 4 MiB of joined bytes at most.
const MAX_PAGES = 64;

interface Page extends LogPage {
  readonly empty: Bundle;
}

/**
 * Reads on for connections that are behind: those that have just come, those that came back, and
 * those whose socket took no more. They hold no queue, only a position in the log. In turn each gets
 * a page; at the head of the log it becomes live. Connections at one position share the page.
 */
export class Replay {
  readonly #log: EventLog;
  readonly #fanOut: Pick<FanOut, "add">;
  readonly #report: Report;
  readonly #runOutside: RunOutside;
  readonly #pages = new Map<number, Page>();
  #turns: StreamConnection[] = [];
  #isReading = false;

  constructor(log: EventLog, fanOut: Pick<FanOut, "add">, report: Report, runOutside: RunOutside) {
    this.#log = log;
    this.#fanOut = fanOut;
    this.#report = report;
    this.#runOutside = runOutside;
  }

  /** Reads on from the connection's position, as soon as its socket takes more. */
  resume(connection: StreamConnection): void {
    if (connection.hasEnded) return;
    if (connection.transport.needsDrain) {
      connection.transport.onDrain(() => {
        this.resume(connection);
      });
      return;
    }
    this.#turns.push(connection);
    if (this.#isReading) return;
    this.#isReading = true;
    this.#runOutside(() => {
      this.#run().catch((cause: unknown) => {
        this.#report(logFailed(cause));
      });
    });
  }

  async #run(): Promise<void> {
    const slices = new Slices();
    while (this.#turns.length > 0) {
      const connections = this.#turns;
      this.#turns = [];
      for (const connection of connections) {
        if (slices.isOver()) await slices.next();
        await this.#readPage(connection);
      }
      this.#pages.clear();
    }
    this.#isReading = false;
  }

  async #readPage(connection: StreamConnection): Promise<void> {
    if (connection.position >= this.#log.head) {
      if (!connection.hasEnded) this.#fanOut.add(connection);
      return;
    }
    const page = await this.#pageAfter(connection.position);
    if (connection.hasEnded) return;
    if (page.isTrimmed) {
      const { head, epoch } = this.#log;
      connection.skipTo(head, toId(epoch, head));
    } else {
      this.#give(connection, page);
    }
    this.resume(connection);
  }

  #give(connection: StreamConnection, { entries, empty }: Page): void {
    const bundle = entries.reduce(
      (some, entry) => (reaches(entry, connection) ? some.with(entry) : some),
      empty,
    );
    connection.position = entries.at(-1)?.position ?? connection.position;
    if (!bundle.isEmpty) connection.deliver(bundle.bytes, bundle.lastPosition);
  }

  async #pageAfter(position: number): Promise<Page> {
    const known = this.#pages.get(position);
    if (known !== undefined) return known;
    const page = { ...(await this.#log.read(position, PAGE_BYTES)), empty: Bundle.empty() };
    this.#pages.set(position, page);
    if (this.#pages.size > MAX_PAGES) this.#pages.delete(this.#pages.keys().next().value ?? 0);
    return page;
  }
}
