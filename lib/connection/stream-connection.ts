import { Deferred } from "../async/deferred.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import { toFinalId } from "../log/cursor.js";
import type { CredentialLink } from "../user/credential-link.js";
import type { SessionLink } from "../user/session-link.js";
import type { User } from "../user/user.js";
import { encodeFrame, encodeHubEvent, encodePreamble } from "../wire/encoder.js";
import { checkEventName, toText, type EventData, type EventName } from "../wire/event.js";
import type { Connection, Opened } from "./connection.js";
import type { ConnectionContext, StreamParts } from "./connection-context.js";
import { createConnectionId } from "./connection-id.js";
import { ENDINGS, type EndReason, type Ending } from "./end-reason.js";
import { Rooms, checkRooms } from "./rooms.js";
import { streamFrom, unlessEnded, type Source } from "./stream-from.js";
import type { Transport } from "./transport.js";

/** One stream as the hub sees it. Its place in the log is kept by its reader, {@link LogReader}. */
export abstract class StreamConnection implements Connection {
  readonly id: string;
  readonly transport: Transport;
  /** True for `req.sse.open()`: a stream that no broadcast reaches. */
  readonly isOwn: boolean;
  /** When it ends by itself, in milliseconds since 1970, and why; `age` is when it would for its age. */
  endsAt:
    { readonly time: number; readonly reason: "age" | "user"; readonly age: number } | undefined;

  readonly #context: ConnectionContext;
  readonly #isRaw: boolean;
  readonly #rooms = new Rooms();
  readonly #session: SessionLink | null;
  readonly #credential: CredentialLink | null;
  #hold: Deferred<undefined> | undefined;
  #user: User | undefined;
  #verdict: Opened | undefined;
  #end: SseHubError | undefined;
  #abort: AbortController | undefined;
  #whenOpened: Deferred<Opened> | undefined;

  constructor(context: ConnectionContext, parts: StreamParts) {
    this.id = createConnectionId();
    this.transport = parts.transport;
    this.isOwn = parts.isOwn;
    this.#session = parts.session;
    this.#credential = parts.credential;
    this.#context = context;
    this.#isRaw = parts.isRaw === true;
  }

  /** True while it is at the head of the log, and is given what comes. */
  abstract get isLive(): boolean;

  /**
   * The cursor the browser is to return with, as the same user or as another one; `undefined` where that is the
   * one it has.
   */
  abstract cursorFor(next: "same" | "other"): string | undefined;

  get user(): User | undefined {
    return this.#user;
  }

  get session(): SessionLink | null {
    return this.#session;
  }

  get credential(): CredentialLink | null {
    return this.#credential;
  }

  /** True when something other than the connection's own end may make its tag untrue. */
  get hasLogin(): boolean {
    return this.#session !== null || this.#credential !== null;
  }

  /** True while it is not known whether its tag still holds: it is to receive nothing. */
  get isHeld(): boolean {
    return this.#hold !== undefined;
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
    return (
      this.transport.needsDrain && this.transport.pendingBytes > this.#context.maxBufferedBytes
    );
  }

  /** From here on the browser's leaving ends the connection. */
  watchClose(): void {
    this.transport.onClose(() => {
      this.finish("gone");
    });
  }

  /** From here on it is to receive nothing, until it is released. */
  hold(): void {
    this.#hold ??= new Deferred();
  }

  release(): void {
    this.#hold?.resolve(undefined);
    this.#hold = undefined;
  }

  /** Resolves when it is not held, or has ended. */
  async whenReleased(): Promise<void> {
    while (this.#hold !== undefined && !this.hasEnded) {
      await unlessEnded(this, this.#hold.promise);
    }
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
    const opening = this.#isRaw
      ? ""
      : encodeHubEvent("hub:open", { connection: this.id, ...verdict }, { id });
    // One write where the verdict is known as soon as the headers go out, which is nearly always.
    if (!this.transport.hasBegun) this.transport.begin(this.#preamble() + opening);
    else if (opening !== "") this.write(opening);
    this.#verdict = verdict;
    this.#whenOpened?.resolve(this.#verdict);
  }

  /** True when a room counts for an entry at that position. */
  wasIn(room: string, position: number): boolean {
    return this.#rooms.has(room, position);
  }

  send<E extends EventName>(event: E, data: EventData<E>): boolean {
    checkEventName(event);
    const frame = encodeFrame(event, toText(data, this.#context.maxPayloadBytes));
    const canTake = this.isOwn ? this.isOpened && !this.isHeld && !this.isFull : this.isLive;
    if (!canTake || !this.transport.isOpen) return false;
    this.transport.write(frame);
    return true;
  }

  /** Sends to this connection before it is live. */
  give(event: unknown, data: unknown): void {
    checkEventName(event);
    this.transport.write(encodeFrame(event, toText(data, this.#context.maxPayloadBytes)));
  }

  stream<E extends EventName>(source: Source<EventData<E>>, event: E): Promise<void> {
    checkEventName(event);
    return streamFrom(this, source, (item) => {
      this.give(event, item);
    });
  }

  join(...rooms: string[]): void {
    this.joinAll(rooms);
  }

  /** The same for a list, which may be longer than what can be arguments. */
  joinAll(rooms: readonly string[]): void {
    checkRooms(rooms);
    const added = this.#rooms.add(rooms, this.isOpened ? this.#context.head : 0);
    if (this.isOpened && added.length > 0) this.#context.onRooms(this, added, "join");
  }

  leave(...rooms: string[]): void {
    checkRooms(rooms);
    this.#rooms.delete(rooms);
    this.#context.onRooms(this, rooms, "leave");
  }

  close(): void {
    this.finish("close");
  }

  end(): void {
    this.finish("done");
  }

  /** Ends the stream as its reason wants it. The first call counts. */
  finish(reason: EndReason, fields: { readonly retryMs?: number } = {}): void {
    if (this.hasEnded) return;
    const ending = ENDINGS[reason];
    if (ending.isTold !== "never") this.#tellEnd(reason, ending, fields);
    this.#end = new SseHubError("ERR_SSE_ENDED", `The stream has ended (${reason}).`);
    this.#context.onEnd(this, reason);
    this.#abort?.abort(this.#end);
    if (this.#verdict === undefined) this.#whenOpened?.reject(this.#end);
    if (ending.endsResponse) this.transport.end();
  }

  /** Ends a connection that is not let in. EventSource survives this answer, and asks again later. */
  refuse(retryMs: number): void {
    const id = this.cursorFor("same");
    const cursor = id === undefined ? "" : encodeHubEvent("hub:tick", {}, { id });
    const answer = this.#isRaw ? COMMENT : encodePreamble(retryMs) + cursor;
    if (this.transport.hasBegun) this.write(answer);
    else this.transport.begin(answer);
    this.finish("refused");
  }

  /** Resolves when the socket takes more, at once if it does, or when the connection has ended. */
  async whenWritable(): Promise<void> {
    if (!this.transport.needsDrain || this.hasEnded) return;
    this.#context.stalls.add(this);
    await unlessEnded(
      this,
      new Promise<void>((resolve) => {
        this.transport.onDrain(resolve);
      }),
    );
    // After the end its socket is still watched, until it has closed.
    if (!this.hasEnded) this.#context.stalls.delete(this);
  }

  report(error: SseHubError): void {
    this.#context.report(error);
  }

  /** Writes what the hub itself says. */
  write(text: string): void {
    this.transport.write(Buffer.from(text));
  }

  #preamble(): string {
    return this.#isRaw ? COMMENT : encodePreamble(this.#context.drawRetryMs());
  }

  #tellEnd(reason: EndReason, { isTold, cursor }: Ending, fields: { retryMs?: number }): void {
    // Before the first byte, too, the browser is told when to come back, or that it is not to.
    this.begin();
    if (this.#isRaw) return;
    // Bytes that wait are no sign of a full socket: TLS hands them on a turn later.
    if (isTold === "unless-full" && this.transport.needsDrain) return;
    const id = cursor === "final" ? toFinalId(this.id) : this.cursorFor(cursor);
    this.write(encodeHubEvent("hub:end", { reason }, { ...fields, id }));
  }
}

// Makes proxies let go of the head, and every client passes over it.
const COMMENT = ":\n";
