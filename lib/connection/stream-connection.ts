import { toFinalId, toId, toOtherId } from "../log/cursor.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import type { User } from "../user/user.js";
import { encodeFrame, encodeHubEvent, encodePreamble } from "../wire/encoder.js";
import { checkEventName, toText, type EventData, type EventName } from "../wire/event.js";
import { audienceKeyOf } from "../audience/audience-key.js";
import type { Connection, EndReason, Opened } from "./connection.js";
import { createConnectionId } from "./connection-id.js";
import { Deferred } from "../async/deferred.js";
import { streamFrom, unlessEnded, type Source } from "./stream-from.js";
import { Rooms, checkRooms } from "./rooms.js";
import type { SessionLink } from "../user/session-link.js";
import type { Transport } from "./transport.js";

/** What a connection needs of its hub. */
export interface ConnectionHost {
  readonly maxPayloadBytes: number;
  readonly maxBufferedBytes: number;
  /** Position of the newest entry in the log. */
  readonly head: number;
  /** Milliseconds after which a browser is asked to return: spread, so that not all come at once. */
  drawRetryMs(): number;
  /** Rooms were joined after the tick of `req.sse.join()`, or left. */
  onRooms(connection: StreamConnection, rooms: readonly string[], change: "join" | "leave"): void;
  /** The connection waits for its socket, and goes on. */
  onWait(connection: StreamConnection): void;
  onGoOn(connection: StreamConnection): void;
  /** Called once for each connection. */
  onEnd(connection: StreamConnection, reason: EndReason): void;
  report(error: SseHubError): void;
}

/** What a connection is made of. */
export interface StreamParts {
  readonly transport: Transport;
  /** The session behind it; `null` where there is none to be watched. */
  readonly session: SessionLink | null;
  readonly isOwn: boolean;
}

/** Entries made ready to be written. */
export interface Delivery {
  readonly bytes: Buffer;
  /** Position of the newest id in them; 0 for none. */
  readonly lastId: number;
}

/**
 * A connection as the hub sees it. Its place in the log: while `isLive`, everything up to the last
 * finished pass, but at least `position`; while behind, exactly `position`.
 */
export class StreamConnection implements Connection {
  readonly id: string;
  readonly transport: Transport;
  /** True for `req.sse.open()`: a stream that no broadcast reaches. */
  readonly isOwn: boolean;
  /** When it ends by itself, in milliseconds since 1970, and why. */
  endsAt: { readonly time: number; readonly reason: "age" | "user" } | undefined;
  /** Everything up to here was given, or was not for this connection. */
  position = 0;
  /** The browser's cursor: position of the newest id written, and the epoch of the log it counts in. */
  lastIdPosition = 0;
  epoch = "";
  /** Which stretch of the log without a break its position is in. */
  stretch = 0;
  /** While behind: volatile entries count from here on. */
  volatileFrom = 0;
  isLive = false;
  /**
   * True until what the stream begins with was given and an id came behind it. Until then the browser's
   * cursor says so, and a return is given it again.
   */
  needsInitialState = false;
  /** True until the browser is told that it has been given all there was, if it asked for that. */
  wantsTick = false;
  /** Rooms joined while behind, whose retained entries are still to be given. */
  lateRooms: readonly string[] = [];

  readonly #host: ConnectionHost;
  readonly #rooms = new Rooms();
  readonly #session: SessionLink | null;
  #user: User | undefined;
  #verdict: Opened | undefined;
  #end: SseHubError | undefined;
  #abort: AbortController | undefined;
  #whenOpened: Deferred<Opened> | undefined;

  constructor(host: ConnectionHost, request: StreamParts) {
    this.id = createConnectionId();
    this.transport = request.transport;
    this.isOwn = request.isOwn;
    this.#session = request.session;
    this.#host = host;
  }

  get user(): User | undefined {
    return this.#user;
  }

  get session(): SessionLink | null {
    return this.#session;
  }

  get rooms(): ReadonlySet<string> {
    return this.#rooms.names;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#end !== undefined) this.#abort.abort(this.#end);
    }
    return this.#abort.signal;
  }

  get opened(): Promise<Opened> {
    if (this.#whenOpened === undefined) {
      this.#whenOpened = new Deferred();
      if (this.#verdict !== undefined) this.#whenOpened.resolve(this.#verdict);
      else if (this.#end !== undefined) this.#whenOpened.reject(this.#end);
    }
    return this.#whenOpened.promise;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  get isOpened(): boolean {
    return this.#verdict !== undefined;
  }

  /** True when the browser is too slow for what comes live. A `drain` will follow. */
  get isFull(): boolean {
    return this.transport.needsDrain && this.transport.pendingBytes > this.#host.maxBufferedBytes;
  }

  /** From here on the browser's leaving ends the connection. */
  watchClose(): void {
    this.transport.onClose(() => {
      this.#finish("gone");
    });
  }

  /** Sends the headers and the first bytes, unless they are out. */
  begin(): void {
    if (!this.transport.hasBegun) this.transport.begin(this.#preamble());
  }

  /** Tags the connection with its user, once and for all. */
  tag(user: User | undefined): void {
    this.#user = user;
  }

  /** Says `hub:open`: who the connection is, and what became of the browser's cursor. */
  open(id: string | undefined, verdict: Opened): void {
    const opening = encodeHubEvent("hub:open", { connection: this.id, ...verdict }, { id });
    // One write where the verdict is known as soon as the headers go out, which is nearly always.
    if (this.transport.hasBegun) this.#write(opening);
    else this.transport.begin(this.#preamble() + opening);
    this.#verdict = verdict;
    this.#whenOpened?.resolve(this.#verdict);
  }

  /** Writes entries of the log. */
  deliver({ bytes, lastId }: Delivery): void {
    this.transport.write(bytes);
    if (lastId === 0) return;
    this.lastIdPosition = lastId;
    this.needsInitialState = false;
  }

  /** From here on the connection is behind, at this position: its socket takes no more. */
  fallBehind(position: number): void {
    this.position = position;
    this.volatileFrom = Infinity;
  }

  /** Says `hub:gap`: what came before that place has gone unread; live goes on from here. */
  skipTo({ head, epoch }: { readonly head: number; readonly epoch: string }): void {
    const reason = epoch === this.epoch ? "trimmed" : "epoch";
    this.position = head;
    this.lastIdPosition = head;
    this.epoch = epoch;
    this.#write(encodeHubEvent("hub:gap", { reason }, { id: toId(epoch, head) }));
  }

  /** Moves the browser's cursor past entries that were not for it, so that it stays in the log. */
  tick(position: number, id: string): void {
    const data = this.wantsTick ? { audience: audienceKeyOf(this) } : {};
    this.lastIdPosition = position;
    this.wantsTick = false;
    this.needsInitialState = false;
    this.#write(encodeHubEvent("hub:tick", data, { id }));
  }

  /** True when a room counts for an entry at that position. */
  wasIn(room: string, position: number): boolean {
    return this.#rooms.has(room, position);
  }

  send<E extends EventName>(event: E, data: EventData<E>): boolean {
    checkEventName(event);
    const frame = encodeFrame(event, toText(data, this.#host.maxPayloadBytes));
    const canTake = this.isOwn ? this.isOpened && !this.isFull : this.isLive;
    if (!canTake || !this.transport.isOpen) return false;
    this.transport.write(frame);
    return true;
  }

  /** Sends to this connection before it is live. */
  give(event: unknown, data: unknown): void {
    checkEventName(event);
    this.transport.write(encodeFrame(event, toText(data, this.#host.maxPayloadBytes)));
  }

  stream<E extends EventName>(source: Source<EventData<E>>, event: E): Promise<void> {
    checkEventName(event);
    return streamFrom(this, source, (item) => {
      this.give(event, item);
    });
  }

  join(...rooms: string[]): void {
    checkRooms(rooms);
    const added = this.#rooms.add(rooms, this.isOpened ? this.#host.head : 0);
    if (this.isOpened && added.length > 0) this.#host.onRooms(this, added, "join");
  }

  leave(...rooms: string[]): void {
    checkRooms(rooms);
    this.#rooms.delete(rooms);
    this.#host.onRooms(this, rooms, "leave");
  }

  close(): void {
    this.endAs("close");
  }

  end(): void {
    this.endForGood("done");
  }

  /** Ends so that the browser does not come back. */
  endForGood(reason: "done" | "stop"): void {
    // A browser that returns with this id is answered 204, and EventSource stops. Without it the
    // stream's handler would run again and again.
    this.endAs(reason, { id: toFinalId(this.id) });
  }

  /** Says why, and ends. A socket that takes nothing is not waited for: it learns by its closing. */
  endAs(reason: EndReason, fields: { id?: string; retryMs?: number } = {}): void {
    if (this.hasEnded) return;
    // Before the first byte, too, the browser is told when to come back, or that it is not to.
    this.begin();
    // Bytes that wait are no sign of a full socket: TLS hands them on a turn later.
    if (reason === "done" || reason === "stop" || !this.transport.needsDrain) {
      this.#write(encodeHubEvent("hub:end", { reason }, fields));
    }
    this.#finish(reason);
    this.transport.end();
  }

  /** Ends so that the browser comes back soon, as whoever its user is then. */
  endForOther(reason: "user" | "refresh", retryMs: number): void {
    const hasCursor = this.isOpened && !this.isOwn;
    const id = hasCursor ? { id: toOtherId(this.epoch, this.lastIdPosition) } : {};
    this.endAs(reason, { ...id, retryMs });
  }

  /** Closes the socket of a browser that takes nothing. It comes back when it can. */
  drop(): void {
    this.#finish("slow");
    this.transport.destroy();
  }

  /** Ends a connection that is not let in. EventSource survives this answer, and asks again later. */
  refuse(retryMs: number): void {
    if (this.transport.hasBegun) this.#write(encodePreamble(retryMs));
    else this.transport.begin(encodePreamble(retryMs));
    this.#finish("refused");
    this.transport.end();
  }

  /** Ends a connection whose request can have no stream; the response is left as it is. */
  abandon(): void {
    this.#finish("gone");
  }

  /** Resolves when the socket takes more, at once if it does, or when the connection has ended. */
  async whenWritable(): Promise<void> {
    if (!this.transport.needsDrain || this.hasEnded) return;
    this.#host.onWait(this);
    await unlessEnded(
      this,
      new Promise<void>((resolve) => {
        this.transport.onDrain(resolve);
      }),
    );
    // After the end its socket is still watched, until it has closed.
    if (!this.hasEnded) this.#host.onGoOn(this);
  }

  report(error: SseHubError): void {
    this.#host.report(error);
  }

  #preamble(): string {
    return encodePreamble(this.#host.drawRetryMs());
  }

  #write(text: string): void {
    this.transport.write(Buffer.from(text));
  }

  #finish(reason: EndReason): void {
    if (this.hasEnded) return;
    this.#end = new SseHubError("ERR_SSE_ENDED", `The stream has ended (${reason}).`);
    this.isLive = false;
    this.#host.onEnd(this, reason);
    this.#abort?.abort(this.#end);
    if (this.#verdict === undefined) this.#whenOpened?.reject(this.#end);
  }
}
