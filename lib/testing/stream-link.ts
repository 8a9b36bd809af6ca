import type { Socket } from "node:net";

/** What a reader needs beside its response. */
export interface StreamLink<Reader> {
  readonly timeoutMs?: number;
  /** Called with the connection that is to be closed. */
  willClose?(client: Socket): void;
  /** Called when the stream is left, once. */
  release?(): Promise<void>;
  /** Opens the same stream again. */
  reopen?(lastEventId: string | undefined): Promise<Reader>;
}
