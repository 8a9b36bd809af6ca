import type { LogEntry } from "../log/event-log.js";

/** The state of the log on the server at one moment. */
export interface LogState {
  /** Empty if the server does not know the log, because it was deleted a moment ago. */
  readonly epoch: string;
  /** Position of the newest entry of any kind. */
  readonly head: number;
  /** Position of the newest event. */
  readonly event: number;
  /** Position of the newest entry that is gone. */
  readonly trimmed: number;
  /** The clock of the server, milliseconds since 1970. */
  readonly time: number;
}

/** A retained event. */
export interface KeptEntry {
  readonly entry: LogEntry;
  /** On the clock of the server; Infinity for never. */
  readonly expiresAt: number;
}

/** The state of the log, and its retained events with their keys, oldest first. */
export interface LogBeginning {
  readonly state: LogState;
  readonly retained: ReadonlyArray<readonly [key: string, kept: KeptEntry]>;
}

/** The last entry that a node has read. With it, a server can tell whether it still has the same log. */
export interface SeenEntry {
  readonly epoch: string;
  readonly position: number;
  readonly node: string;
  readonly sequence: number;
}
