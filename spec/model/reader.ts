import type { Connection } from "express-sse-hub";
import type { StreamReader } from "../support/open-stream.js";

/** When a connection was in a room, in positions of the log: after `since`, up to `until`. */
export interface Stay {
  readonly room: string;
  readonly since: number;
  until: number;
}

/** One stream of a reader, from its opening to its end. */
export interface Segment {
  readonly stream: StreamReader;
  readonly connection: Connection;
  /** What the browser brought along. */
  readonly cursor: string | undefined;
  readonly stays: Stay[];
}

/** A browser in the model: its user, and the streams it had one after another. */
export class ModelReader {
  readonly segments: Segment[] = [];

  constructor(
    readonly name: string,
    readonly user: { readonly login: string; readonly profile: string } | undefined,
    readonly cookie: string | undefined,
    readonly rooms: readonly string[],
  ) {}

  get current(): Segment | undefined {
    return this.segments.at(-1);
  }

  /** Open as far as the browser knows. */
  isHere = false;

  /** What EventSource would bring along on a return. */
  get cursor(): string | undefined {
    const streams = this.segments.map(({ stream }) => stream.lastEventId);
    return streams.findLast((id) => id !== undefined);
  }
}
