/** An event as EventSource would dispatch it. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  /** `undefined` for an event that does not move the cursor. */
  readonly id: string | undefined;
}

/** Options of a call that waits. */
export interface Waiting {
  /** Milliseconds to wait at most. @default the `timeoutMs` with which the stream was opened, 5_000 */
  readonly timeoutMs?: number | undefined;
}
