/** An event as EventSource would dispatch it. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  /** `undefined` for one that does not move the cursor. */
  readonly id: string | undefined;
}

/** How long one call waits. */
export interface Waiting {
  /** In milliseconds. @default the timeoutMs the stream was opened with, 5_000 */
  readonly timeoutMs?: number | undefined;
}
