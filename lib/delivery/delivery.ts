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

/** What {@link Delivery} is given by the hub. */
export interface DeliveryParts {
  readonly log: EventLog;
  readonly report: Report;
  readonly times: PassTimes;
  /** Milliseconds that an entry may wait for others to share a write; 0: only entries of one tick share a write. */
  readonly coalesceMs: number;
  readonly runDetached: DetachedScope;
  readonly stalls: Pick<StallWatch, "add" | "delete">;
  /** See {@link ReplayParts}. */
  readonly onBroken: (connection: LogReader) => boolean;
}

/**
 * Delivers the log to the readers of this node. {@link Replay} serves readers that are behind, {@link FanOut} serves
 * readers at the head of the log; each hands a reader over to the other.
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
      resume: (connection) => {
        this.replay.resume(connection);
      },
    });
  }

  /** The generation of the log that is read now; each break of the log begins a new one. */
  get generation(): number {
    return this.#generation.current;
  }

  /** True if the log has not broken since the connection began to read, or was last checked after a break. */
  isInOrder(connection: LogReader): boolean {
    return connection.generation === this.generation;
  }

  /** The log's head has moved. */
  onMove(): void {
    this.fanOut.onMove();
  }

  /** The log has lost entries, or has started again. */
  onBreak(): void {
    // First of all, so that no reader reads on in the old generation.
    this.#generation.next();
    this.replay.onBreak();
    this.fanOut.onBreak();
  }

  /** Starts delivery to a connection that was sent `hub:open`, from its position. */
  begin(connection: LogReader, { needsState }: { readonly needsState: boolean }): void {
    if (connection.isOwn) return;
    // If the log has broken since, replay sends what is retained, once the connection may go on.
    if (needsState && this.isInOrder(connection)) this.replay.sendRetained(connection);
    this.replay.resume(connection);
  }

  /** A connection has joined or left rooms after it was sent `hub:open`. */
  onRooms(connection: LogReader, rooms: readonly string[], change: "join" | "leave"): void {
    this.fanOut.onRooms(connection, rooms, change);
    if (change === "leave") return;
    if (connection.isLive) this.replay.sendRetainedOf(rooms, connection);
    else connection.addLateRooms(rooms);
  }

  /** Sends the heartbeat of a quiet connection: a `hub:tick` if the log has moved on, otherwise a comment. */
  beat(connection: LogReader): void {
    const position = connection.isLive ? (this.fanOut.settledAt ?? 0) : 0;
    if (position > connection.cursorPosition) connection.tick(position);
    else connection.transport.write(HEARTBEAT_COMMENT);
  }

  /** Stops delivery to a connection until it is released. Its position is kept. */
  hold(connection: LogReader): void {
    connection.hold();
    this.fanOut.giveBack(connection);
  }

  release(connection: LogReader): void {
    connection.release();
    this.replay.release(connection);
  }

  /** Stops delivery to a connection that has ended. */
  delete(connection: LogReader): void {
    this.fanOut.delete(connection);
  }

  /** Resolves when every live connection has received everything that is in the log now, or at the deadline. */
  whenServed(deadline: number): Promise<void> {
    return this.fanOut.whenServed(this.#log.head, deadline);
  }

  close(): void {
    this.fanOut.close();
  }
}
