import type { DetachedScope } from "../async/detached-scope.js";
import type { Report } from "../audience/audience.js";
import type { StallWatch } from "../connection/stall-watch.js";
import type { EventLog } from "../log/event-log.js";
import { HEARTBEAT_COMMENT } from "../wire/encoder.js";
import { FanOut } from "./fan-out.js";
import { LogGeneration } from "./log-generation.js";
import type { LogReader } from "./log-reader.js";
import type { PassTimes } from "./pass-times.js";
import { Replay } from "./replay.js";

/** What delivery is made of. */
export interface DeliveryParts {
  readonly log: EventLog;
  readonly report: Report;
  readonly times: PassTimes;
  /** Milliseconds that an entry may wait for others; 0 for those of one tick only. */
  readonly coalesceMs: number;
  readonly runDetached: DetachedScope;
  readonly stalls: Pick<StallWatch, "add" | "delete">;
  /** See {@link ReplayParts}. */
  readonly onBroken: (connection: LogReader) => boolean;
}

/**
 * From the log to the readers of this node. One that is behind is read for by {@link Replay}, one that is at
 * the head is visited by {@link FanOut}; each hands a reader over to the other.
 */
export class Delivery {
  readonly fanOut: FanOut;
  readonly replay: Replay;
  readonly #log: EventLog;
  readonly #generation = new LogGeneration();

  constructor({ log, times, coalesceMs, onBroken, stalls, ...parts }: DeliveryParts) {
    const shared = { ...parts, log, generation: this.#generation };
    this.#log = log;
    this.replay = new Replay({
      ...shared,
      stalls,
      onBroken,
      onHead: (connection) => {
        this.fanOut.add(connection);
      },
    });
    this.fanOut = new FanOut({
      ...shared,
      times,
      coalesceMs,
      readOn: (connection) => {
        this.replay.resume(connection);
      },
    });
  }

  /** The generation of the log that is read now; another one after each break. */
  get generation(): number {
    return this.#generation.current;
  }

  /** The log's head has moved. */
  onMove(): void {
    this.fanOut.onMove();
  }

  /** The log has lost something, or begun anew. */
  onBreak(): void {
    // Before anybody reads on.
    this.#generation.next();
    this.replay.onBreak();
    this.fanOut.onBreak();
  }

  /** Reads on for a connection that was told `hub:open`, from its place. */
  begin(connection: LogReader, { needsState }: { readonly needsState: boolean }): void {
    if (connection.isOwn) return;
    if (needsState) this.replay.giveRetained(connection);
    this.replay.resume(connection);
  }

  /** A connection has joined rooms, or left them, after it was told `hub:open`. */
  onRooms(connection: LogReader, rooms: readonly string[], change: "join" | "leave"): void {
    this.fanOut.onRooms(connection, rooms, change);
    if (change === "leave") return;
    if (connection.isLive) this.replay.giveRetainedOf(rooms, connection);
    else connection.addLateRooms(rooms);
  }

  /** Gives a quiet connection a sign of life: its place in the log where that has moved. */
  beat(connection: LogReader): void {
    const position = connection.isLive ? (this.fanOut.settledAt ?? 0) : 0;
    if (position > connection.cursorPosition) connection.tick(position);
    else connection.transport.write(HEARTBEAT_COMMENT);
  }

  /** Gives a connection nothing, until it is released. Its place is kept. */
  hold(connection: LogReader): void {
    connection.hold();
    this.fanOut.giveBack(connection);
  }

  release(connection: LogReader): void {
    connection.release();
    this.replay.release(connection);
  }

  /** Gives a connection that has ended nothing more. */
  delete(connection: LogReader): void {
    this.fanOut.delete(connection);
  }

  /** Resolves when every live connection has all that is in the log, or at the deadline. */
  whenServed(deadline: number): Promise<void> {
    return this.fanOut.whenServed(this.#log.head, deadline);
  }

  close(): void {
    this.fanOut.close();
  }
}
