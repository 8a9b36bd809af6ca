import type { Opened } from "../connection/connection.js";
import type { Feed } from "../connection/feed.js";
import type { StallWatch } from "../connection/stall-watch.js";
import type { StreamConnection } from "../connection/stream-connection.js";
import type { RunHeader } from "../log/run-store.js";
import { readRunCursor, toRunCursor } from "./run-cursor.js";
import type { RunForm, RunRecord } from "./run-record.js";

/** A run that can be followed on this node. */
export interface FoundRun {
  readonly header: RunHeader;
  /** Number of events when it was found; it may have more by now. */
  readonly events: number;
  /** Returns its record. Each call needs one call of {@link close}. */
  open(): RunRecord;
  /** Undoes one call of {@link open}. */
  close(): void;
}

/**
 * Sends the record of a run to one stream: the events of before, the events that come, and the end, at the pace of the
 * stream's socket.
 */
export class Follower implements Feed {
  readonly #run: FoundRun;
  readonly #form: RunForm;
  readonly #stalls: Pick<StallWatch, "add" | "delete">;
  #position = 0;
  #isWaiting = false;

  constructor(run: FoundRun, form: RunForm, stalls: Pick<StallWatch, "add" | "delete">) {
    this.#run = run;
    this.#form = form;
    this.#stalls = stalls;
  }

  judge(lastEventId: string | undefined): { readonly id: string; readonly opened: Opened } {
    const { header, events } = this.#run;
    const brought = lastEventId === "" ? undefined : lastEventId;
    const position = brought === undefined ? 0 : readRunCursor(header.token, brought);
    const isKnown = position !== null && position <= events;
    this.#position = isKnown ? position : 0;
    const id = toRunCursor(header.token, this.#position);
    if (brought === undefined) return { id, opened: { recovered: null } };
    if (isKnown) return { id, opened: { recovered: true } };
    // The cursor belongs to another run: this run is sent from its first event.
    return { id, opened: { recovered: false, reason: position === null ? "epoch" : "unknown" } };
  }

  begin(connection: StreamConnection): void {
    // A `join` listener of the application may have ended it.
    if (connection.hasEnded) return;
    const record = this.#run.open();
    const read = () => {
      if (!this.#isWaiting) this.#read(record, connection);
    };
    const unwatch = record.watch(read);
    connection.signal.addEventListener(
      "abort",
      () => {
        unwatch();
        this.#run.close();
      },
      { once: true },
    );
    read();
  }

  #read(record: RunRecord, connection: StreamConnection): void {
    this.#isWaiting = false;
    if (connection.hasEnded) return;
    if (connection.isHeld) {
      this.#isWaiting = true;
      void connection.whenReleased().then(() => {
        this.#read(record, connection);
      });
      return;
    }
    if (connection.transport.needsDrain) {
      this.#awaitDrain(record, connection);
      return;
    }
    if (this.#position < record.head) {
      const page = record.read(this.#position, this.#form);
      this.#position = page.end;
      connection.transport.write(page.bytes);
    }
    if (this.#position < record.head) this.#readSoon(record, connection);
    else if (record.end !== null) connection.finish(record.end);
  }

  // In a later turn of the event loop, so that other streams have their turn.
  #readSoon(record: RunRecord, connection: StreamConnection): void {
    this.#isWaiting = true;
    setImmediate(() => {
      this.#read(record, connection);
    });
  }

  #awaitDrain(record: RunRecord, connection: StreamConnection): void {
    this.#isWaiting = true;
    this.#stalls.add(connection);
    connection.transport.onDrain(() => {
      // After the end the socket stays watched until it has closed.
      if (connection.hasEnded) return;
      this.#stalls.delete(connection);
      this.#read(record, connection);
    });
  }
}
