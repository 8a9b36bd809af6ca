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
  /** What the reader was when the stream was opened. */
  readonly profile: string | undefined;
  /** Head of the log when the answer came that the user had changed: nothing later may arrive. */
  changedAt: number;
}

/** A browser in the model: its user, and the streams it had one after another. */
export class ModelReader {
  readonly segments: Segment[] = [];

  /** Number of streams whose cursors do not count: the page was loaded anew. */
  forgotten = 0;

  readonly name: string;
  readonly rooms: readonly string[];
  user: { readonly login: string; readonly profile: string } | undefined;
  cookie: string | undefined;

  constructor(reader: Pick<ModelReader, "name" | "rooms" | "user" | "cookie">) {
    this.name = reader.name;
    this.rooms = reader.rooms;
    this.user = reader.user;
    this.cookie = reader.cookie;
  }

  get current(): Segment | undefined {
    return this.segments.at(-1);
  }

  /** Open as far as the browser knows. */
  isHere = false;

  /** What EventSource would bring along on a return. */
  get cursor(): string | undefined {
    const ids = this.segments.slice(this.forgotten).map(({ stream }) => stream.lastEventId);
    return ids.findLast((id) => id !== undefined);
  }
}
