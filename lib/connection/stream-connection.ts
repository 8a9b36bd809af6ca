import { Deferred } from "../async/deferred.js";
import { SseHubError } from "../errors/sse-hub-error.js";
import { toFinalId, type ReturnVerdict } from "../log/cursor.js";
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

/** One stream as the hub sees it. {@link LogReader} adds its position in the log. */
export abstract class StreamConnection implements Connection {
  readonly id: string;
  readonly transport: Transport;
  /** True for `req.sse.open()`: a stream that no broadcast reaches. */
  readonly isOwn: boolean;
  /** When the connection ends by itself, in milliseconds since 1970, and why. `age`: when it reaches its maximum age. */
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
  #openedAt = 0;
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

  /** True while it is at the head of the log and receives new entries from the fan-out. */
  abstract get isLive(): boolean;

  /**
   * The cursor that the browser should reconnect with, as the same user or as another user; `undefined` if the
   * browser already has it.
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

  /** True if it has a session or a credential, so that its user may change while it is open. */
  get hasLogin(): boolean {
    return this.#session !== null || this.#credential !== null;
  }

  /** True while the hub checks whether its user has changed: it must receive nothing. */
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

  /** When `hub:open` was sent, in milliseconds since 1970; 0 before. */
  get openedAt(): number {
    return this.#openedAt;
  }

  /** The verdict on the browser's cursor, in one word. */
  get verdict(): ReturnVerdict {
    const { recovered = null, reason = "unknown" } = this.#verdict ?? {};
    if (recovered === null) return "new";
    return recovered ? "recovered" : reason;
  }

  /** True if more than `maxBufferedBytes` wait in the socket. A `drain` event will follow. */
  get isFull(): boolean {
    return (
      this.transport.needsDrain && this.transport.pendingBytes > this.#context.maxBufferedBytes
    );
  }

  /** From now on, the connection ends when the browser leaves. */
  watchClose(): void {
    this.transport.onClose(() => {
      this.finish("gone");
    });
  }

  /** From now on it must receive nothing, until it is released. */
  hold(): void {
    this.#hold ??= new Deferred();
  }

  release(): void {
    this.#hold?.resolve(undefined);
    this.#hold = undefined;
  }

  /** Resolves when the connection is not held, or has ended. */
  async whenReleased(): Promise<void> {
    while (this.#hold !== undefined && !this.hasEnded) {
      await unlessEnded(this, this.#hold.promise);
    }
  }

  /** Sends the headers and the first bytes, unless that was done. */
  begin(): void {
    if (!this.transport.hasBegun) this.transport.begin(this.#preamble());
  }

  /** Sets the user of the connection. Called again only to share an equal object with other connections. */
  tag(user: User | undefined): void {
    this.#user = user;
  }

  /** Sends `hub:open` with the connection's id and the verdict on the browser's cursor. */
  open(id: string | undefined, verdict: Opened): void {
    const opening = this.#isRaw
      ? ""
      : encodeHubEvent("hub:open", { connection: this.id, ...verdict }, { id });
    // Nearly always the verdict is known when the headers are sent, so that one write is enough.
    if (!this.transport.hasBegun) this.transport.begin(this.#preamble() + opening);
    else if (opening !== "") this.write(opening);
    this.#verdict = verdict;
    this.#openedAt = Date.now();
    this.#whenOpened?.resolve(this.#verdict);
  }

  /** True if the connection was in the room before an entry at that position. */
  wasIn(room: string, position: number): boolean {
    return this.#rooms.has(room, position);
  }

  send<E extends EventName>(event: E, data: EventData<E>): boolean {
    return this.sendUpTo(this.#context.maxPayloadBytes, event, data);
  }

  /** Like {@link send}, with a limit of its own for the size of the data, in bytes. */
  sendUpTo(maxBytes: number, event: string, data: unknown): boolean {
    checkEventName(event);
    const frame = encodeFrame(event, toText(data, maxBytes));
    const canTake = this.isOwn ? this.isOpened && !this.isHeld && !this.isFull : this.isLive;
    if (!canTake || !this.transport.isOpen) return false;
    this.transport.write(frame);
    return true;
  }

  /** Writes an event, also before the connection is live. */
  writeEvent(event: unknown, data: unknown): void {
    checkEventName(event);
    this.transport.write(encodeFrame(event, toText(data, this.#context.maxPayloadBytes)));
  }

  stream<E extends EventName>(source: Source<EventData<E>>, event: E): Promise<void> {
    checkEventName(event);
    return streamFrom(this, source, (item) => {
      this.writeEvent(event, item);
    });
  }

  join(...rooms: string[]): void {
    this.joinAll(rooms);
  }

  /** Like {@link join}, for a list that may be too long for a call's arguments. */
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

  /** Ends the stream in the way of its reason, see {@link ENDINGS}. Only the first call has an effect. */
  finish(reason: EndReason, fields: { readonly retryMs?: number } = {}): void {
    if (this.hasEnded) return;
    const ending = ENDINGS[reason];
    if (ending.sendsEnd !== "never") this.#sendEnd(reason, ending, fields);
    this.#end = new SseHubError("ERR_SSE_ENDED", `The stream has ended (${reason}).`);
    this.#context.onEnd(this, reason);
    this.#abort?.abort(this.#end);
    if (this.#verdict === undefined) this.#whenOpened?.reject(this.#end);
    if (ending.endsResponse) this.transport.end();
  }

  /** Ends a connection that is not admitted, with an answer after which EventSource asks again later. */
  refuse(retryMs: number): void {
    const id = this.cursorFor("same");
    const cursor = id === undefined ? "" : encodeHubEvent("hub:tick", {}, { id });
    const answer = this.#isRaw ? COMMENT : encodePreamble(retryMs) + cursor;
    if (this.transport.hasBegun) this.write(answer);
    else this.transport.begin(answer);
    this.finish("refused");
  }

  /** Resolves when the socket can take more, or when the connection has ended. */
  async whenWritable(): Promise<void> {
    if (!this.transport.needsDrain || this.hasEnded) return;
    this.#context.stalls.add(this);
    await unlessEnded(
      this,
      new Promise<void>((resolve) => {
        this.transport.onDrain(resolve);
      }),
    );
    // After the end the socket stays watched until it has closed.
    if (!this.hasEnded) this.#context.stalls.delete(this);
  }

  report(error: SseHubError): void {
    this.#context.report(error);
  }

  /** Writes the hub's own events. */
  write(text: string): void {
    this.transport.write(Buffer.from(text));
  }

  #preamble(): string {
    return this.#isRaw ? COMMENT : encodePreamble(this.#context.drawRetryMs());
  }

  #sendEnd(reason: EndReason, { sendsEnd, cursor }: Ending, fields: { retryMs?: number }): void {
    // Also a stream that has not begun must tell the browser when to reconnect, or not to.
    this.begin();
    if (this.#isRaw) return;
    // Pending bytes alone do not mean that the socket is full: TLS passes them on a turn later.
    if (sendsEnd === "unless-full" && this.transport.needsDrain) return;
    const id = cursor === "final" ? toFinalId(this.id) : this.cursorFor(cursor);
    this.write(encodeHubEvent("hub:end", { reason }, { ...fields, id }));
  }
}

// A comment: it makes proxies forward the headers, and every client ignores it.
const COMMENT = ":\n";
