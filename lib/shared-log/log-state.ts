import type { LogEntry } from "../log/event-log.js";

/** What the server says of the log at one moment. */
export interface LogState {
  /** Empty where nothing is known of the log: it was deleted a moment ago. */
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

/** An event that is kept for newcomers. */
export interface KeptEntry {
  readonly entry: LogEntry;
  /** On the clock of the server; Infinity for never. */
  readonly expiresAt: number;
}

/** The state, and the newest event of each retain key by that key, oldest first. */
export interface LogBeginning {
  readonly state: LogState;
  readonly retained: ReadonlyArray<readonly [key: string, kept: KeptEntry]>;
}

/** The last entry a node has read, by which it knows the log again. */
export interface SeenEntry {
  readonly epoch: string;
  readonly position: number;
  readonly node: string;
  readonly sequence: number;
}
