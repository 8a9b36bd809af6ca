import { SseHubError, SseHubTypeError, describe } from "../sse-hub-error.js";
import type { User } from "../user.js";
import { encodeFrame, encodeHubEvent, encodePreamble } from "../wire/encoder.js";
import { checkEventName, toText, type EventData, type EventName } from "../wire/event.js";
import type { Transport } from "./transport.js";

/**
 * Why a connection ended. Said to the browser in `hub:end`, except for `gone` (it left by itself)
 * and `refused` (it was never let in).
 */
export type EndReason = "close" | "shutdown" | "error" | "gone" | "refused";

/** What the first event of a stream says, besides the connection's id. */
export interface Opened {
  /** `null` on a first visit, `true` when what was missed follows, `false` when it cannot. */
  readonly recovered: boolean | null;
}

/** One open response and the user it is tagged with. */
export interface Connection {
  /** Random, and never the session's id: safe to hand to the page. */
  readonly id: string;
  /** Who the session belonged to at join, frozen; `undefined` without one, or until it is known. */
  readonly user: User | undefined;
  readonly rooms: ReadonlySet<string>;
  /** Aborted when the stream ends, with an SseHubError as reason. Give it to what feeds the stream. */
  readonly signal: AbortSignal;
  /** Resolves once `hub:open` is written. Rejects with an SseHubError if the stream ends before. */
  readonly opened: Promise<Opened>;
  /**
   * Sends to this connection only, without id and past the log. Nothing is queued: `false` means that
   * nothing was written, because the stream is not open yet, is behind, or has ended.
   *
   * @throws SseHubTypeError `ERR_SSE_FIELD`, `ERR_SSE_DATA`
   */
  send<E extends EventName>(event: E, data: EventData<E>): boolean;
  /** Adds rooms. Later than in the tick of `req.sse.join()`, a room counts from now on only. */
  join(...rooms: string[]): void;
  leave(...rooms: string[]): void;
  /** Ends the stream. The browser comes back through the application's middleware. */
  close(): void;
}

/** What a connection needs of its hub. */
export interface ConnectionHost {
  readonly maxPayloadBytes: number;
  /** Position of the newest entry in the log. */
  readonly head: number;
  /** Called once for each connection that has begun or was registered. */
  onEnd(connection: StreamConnection, reason: EndReason): void;
}

/**
 * A connection as the hub sees it. Its place in the log: while `isLive`, everything up to the last
 * finished pass, but at least `position`; while behind, exactly `position`.
 */
export class StreamConnection implements Connection {
  readonly id: string;
  /** Everything up to here was given, or was not for this connection. */
  position = 0;
  /** The browser's cursor: position of the newest id written. */
  lastIdPosition = 0;
  isLive = false;

  readonly #host: ConnectionHost;
  readonly transport: Transport;
  // Room → position after which it counts.
  #since: Map<string, number> | undefined;
  #user: User | undefined;
  #verdict: Opened | undefined;
  #end: SseHubError | undefined;
  #abort: AbortController | undefined;
  #whenOpened: PromiseWithResolvers<Opened> | undefined;

  constructor(id: string, host: ConnectionHost, transport: Transport) {
    this.id = id;
    this.#host = host;
    this.transport = transport;
  }

  get rooms(): ReadonlySet<string> {
    return new Set(this.#since?.keys());
  }

  get user(): User | undefined {
    return this.#user;
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
      this.#whenOpened = withResolvers();
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

  /** Sends the headers and the first bytes. From here on the browser's leaving ends the connection. */
  begin(retryMs: number): void {
    this.transport.onClose(() => {
      this.#finish("gone");
    });
    this.transport.begin(encodePreamble(retryMs));
  }

  /** Tags the connection with its user, once and for all. */
  tag(user: User | undefined): void {
    this.#user = user;
  }

  /** Says `hub:open`: who the connection is, and what became of the browser's cursor. */
  open(position: number, id: string, verdict: Opened & { readonly reason?: string }): void {
    this.position = position;
    this.lastIdPosition = position;
    const hello = encodeHubEvent("hub:open", { connection: this.id, ...verdict }, { id });
    this.transport.write(Buffer.from(hello));
    this.#verdict = { recovered: verdict.recovered };
    this.#whenOpened?.resolve(this.#verdict);
  }

  /** Writes entries of the log, the last with an id at that position. */
  deliver(bytes: Buffer, lastPosition: number): void {
    this.transport.write(bytes);
    this.lastIdPosition = lastPosition;
  }

  /** Says `hub:gap`: what came before that position has left the log unread; live goes on from here. */
  skipTo(position: number, id: string): void {
    this.position = position;
    this.lastIdPosition = position;
    this.transport.write(Buffer.from(encodeHubEvent("hub:gap", { reason: "trimmed" }, { id })));
  }

  /** Moves the browser's cursor past entries that were not for it, so that it stays in the log. */
  tick(position: number, id: string): void {
    this.lastIdPosition = position;
    this.transport.write(Buffer.from(encodeHubEvent("hub:tick", {}, { id })));
  }

  /** True when the connection was in the room before that position. */
  wasIn(room: string, position: number): boolean {
    const since = this.#since?.get(room);
    return since !== undefined && since < position;
  }

  send<E extends EventName>(event: E, data: EventData<E>): boolean {
    checkEventName(event);
    const text = toText(data, this.#host.maxPayloadBytes);
    if (!this.isLive || !this.transport.isOpen) return false;
    this.transport.write(encodeFrame(event, text));
    return true;
  }

  join(...rooms: string[]): void {
    checkRooms(rooms);
    this.#since ??= new Map();
    const since = this.isOpened ? this.#host.head : 0;
    for (const room of rooms) if (!this.#since.has(room)) this.#since.set(room, since);
  }

  leave(...rooms: string[]): void {
    checkRooms(rooms);
    for (const room of rooms) this.#since?.delete(room);
  }

  close(): void {
    this.end("close");
  }

  /** Says why, and ends. A socket that takes nothing is not waited for: it learns by its closing. */
  end(reason: EndReason, retryMs?: number): void {
    if (this.hasEnded) return;
    if (this.transport.pendingBytes === 0) {
      this.transport.write(Buffer.from(encodeHubEvent("hub:end", { reason }, { retryMs })));
    }
    this.#finish(reason);
    this.transport.end();
  }

  /** Ends a connection that is not let in. EventSource survives this answer, and asks again later. */
  refuse(retryMs: number): void {
    this.transport.begin(encodePreamble(retryMs));
    this.#finish("refused");
    this.transport.end();
  }

  /** Ends a connection whose request can have no stream; the response is left as it is. */
  abandon(): void {
    this.#finish("gone");
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

/** @throws SseHubTypeError `ERR_SSE_ROOM` */
export function checkRooms(rooms: readonly unknown[]): asserts rooms is readonly string[] {
  for (const room of rooms) {
    if (typeof room === "string" && room !== "") continue;
    throw new SseHubTypeError(
      "ERR_SSE_ROOM",
      `A room is ${describe(room)}. Expected a string that is not empty: name each room by itself.`,
    );
  }
}

function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T | PromiseLike<T>) => void;
  let reject!: (reason?: unknown) => void;
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  // Somebody who asked for `opened` may have stopped waiting; that must not end the process.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  resolve(value: T | PromiseLike<T>): void;
  reject(reason?: unknown): void;
}
