import type { Socket } from "node:net";

/** What a reader needs besides its response. */
export interface StreamLink<Reader> {
  readonly timeoutMs?: number;
  /** Called before the connection is closed. */
  willClose?(client: Socket): void;
  /** Called once, when the stream is closed. */
  release?(): Promise<void>;
  /** Opens the same stream again. */
  reopen?(lastEventId: string | undefined): Promise<Reader>;
}
