import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { releaseSocket } from "./release-socket.js";

// A larger frame is written in parts of this size, so that the stall watch can see progress.
const PART_BYTES = 65_536;
// More than a well-behaved client sends before it reads that the connection will close.
const MAX_REQUESTS_BEHIND = 1_000;

const BEHIND = Symbol("requests behind the stream");

// Undocumented members of Node's classes. Each is checked before it is used.
interface NodeResponse extends ServerResponse {
  readonly _header?: string | null;
  readonly outputSize?: number;
  // A response of Node's http2 server has these two on its stream only.
  readonly stream?: { readonly writableLength: number; readonly writableNeedDrain: boolean };
  flush?: () => void;
}
interface NodeSocket extends Socket {
  readonly _httpMessage: unknown;
  readonly _handle?: { readonly writeQueueSize?: number } | null;
  // Ours: the number of requests that came after that of the stream; `undefined` on a socket without a stream.
  [BEHIND]?: number;
}

/**
 * The way to one browser: an HTTP response whose body is the stream. It writes directly to the socket if nothing
 * stands between response and socket, and through the response otherwise. It decides once, after the headers, so
 * that the two ways are never mixed.
 */
export class Transport {
  // `null` once the response was released: then only the socket is left.
  #res: NodeResponse | null;
  #socket: Socket | null = null;
  #hasBegun = false;
  #hasEnded = false;
  #isClosed = false;
  #closeListeners: ReadonlyArray<() => void> = [];

  constructor(res: ServerResponse) {
    this.#res = res;
    // Without a listener an error of the response, such as a late write, would end the process.
    res.on("error", ignore);
    res.on("close", this.#onClose);
  }

  /** True from {@link begin} until nothing more can be written. */
  get isOpen(): boolean {
    return this.#hasBegun && !this.#hasEnded && !this.isGone;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** True if the response was released, so that only the socket is left. */
  get isReleased(): boolean {
    return this.#res === null;
  }

  /** True if the browser has left, or the application has ended the response. */
  get isGone(): boolean {
    if (this.#res !== null) return isGone(this.#res);
    return this.#isClosed || this.#socket?.writable !== true;
  }

  /** Bytes that the kernel has not taken yet. */
  get pendingBytes(): number {
    const out = this.#socket ?? this.#res?.stream ?? this.#res;
    return out?.writableLength ?? 0;
  }

  /** True if a `drain` event will follow, so that the next page should wait for it. */
  get needsDrain(): boolean {
    if (this.#socket !== null) return this.#socket.writableNeedDrain;
    return (this.#res?.stream ?? this.#res)?.writableNeedDrain === true;
  }

  /** Changes whenever the kernel has taken a byte. */
  get progressMark(): string {
    const socket = (this.#socket ?? this.#res?.socket) as NodeSocket | null | undefined;
    const queued = socket?._handle?.writeQueueSize ?? 0;
    return `${queued} ${socket?.bytesWritten} ${this.pendingBytes}`;
  }

  /** Sends the headers, which are already set, with the first bytes of the body. */
  begin(text: string): void {
    this.#hasBegun = true;
    const res = this.#res;
    if (res === null || this.#hasEnded || res.destroyed) return;
    try {
      res.write(text);
      res.flush?.();
    } catch {
      // A middleware's wrapper of write() threw. Only this stream is broken.
      this.destroy();
      return;
    }
    joinParts(res._header);
    this.#socket = freeSocketOf(res);
    const socket = res.socket as NodeSocket | null;
    // With HTTP/2, `socket` stands for that of all streams of the browser.
    if (socket !== null && res.stream === undefined) socket[BEHIND] = 0;
    // Node corks a response until the next tick; these bytes must be sent now.
    socket?.uncork();
    socket?.setTimeout(0);
    socket?.setNoDelay(true);
    // Detects a peer that vanished without closing in about 20 s; without it, TCP takes a quarter of an hour.
    socket?.setKeepAlive(true, 10_000);
  }

  /**
   * Releases request and response, so that only the socket is kept. Does nothing if that is not possible.
   */
  release(): void {
    const [res, socket] = [this.#res, this.#socket];
    if (res === null || socket === null || this.#hasEnded || isGone(res)) return;
    res.removeListener("close", this.#onClose);
    if (!releaseSocket(res, socket)) {
      res.on("close", this.#onClose);
      return;
    }
    this.#res = null;
    socket.on("close", this.#onClose);
  }

  /** Writes whole events. Does nothing after the end, or when the browser is gone. */
  write(bytes: Buffer): void {
    const socket = this.#socket;
    try {
      if (socket !== null) {
        // Only the socket is asked: access to the properties of a response is slow.
        if (socket.writable && !this.#hasEnded) writeParts(socket, bytes);
      } else if (this.#res !== null && this.isOpen) {
        writeParts(this.#res, bytes);
        this.#res.flush?.();
      }
    } catch {
      // A middleware's wrapper of write() threw. Only this stream is broken.
      this.destroy();
    }
  }

  onDrain(listener: () => void): void {
    (this.#socket ?? this.#res)?.once("drain", listener);
  }

  onClose(listener: () => void): void {
    // push() and a spread would reserve memory for sixteen more.
    this.#closeListeners = this.#closeListeners.concat(listener);
  }

  /** Ends the body; the socket closes once the kernel has taken what is pending. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    try {
      if (this.#res === null) this.#socket?.destroySoon();
      else if (!this.#res.destroyed) this.#res.end();
    } catch {
      // As in write(): only this stream is broken, and the others must still end.
      this.destroy();
    }
  }

  /** Closes the socket now, whatever is pending. */
  destroy(): void {
    this.#hasEnded = true;
    (this.#res ?? this.#socket)?.destroy();
  }

  readonly #onClose = (): void => {
    this.#isClosed = true;
    const listeners = this.#closeListeners;
    this.#closeListeners = [];
    for (const listener of listeners) listener();
  };
}

function writeParts(out: NodeResponse | Socket, bytes: Buffer): void {
  if (bytes.length <= PART_BYTES) {
    out.write(bytes);
    return;
  }
  for (let start = 0; start < bytes.length; start += PART_BYTES) {
    out.write(bytes.subarray(start, start + PART_BYTES));
  }
}

/** True if an earlier response on the same socket has not ended, so that this one must wait. */
export function isPipelined(res: ServerResponse): boolean {
  const { socket } = res.req;
  return res.socket === null && !res.writableEnded && !res.destroyed && !socket.destroyed;
}

/** True if the socket of a request already carries a stream, so that the request will never be answered. */
export function isBehindStream(req: IncomingMessage): boolean {
  return (req.socket as NodeSocket | null)?.[BEHIND] !== undefined;
}

/**
 * Discards a request that came on the socket of a stream. Node keeps every such request in memory, so the socket
 * is destroyed after too many of them.
 */
export function dropBehindStream(req: IncomingMessage): void {
  const socket = req.socket as NodeSocket;
  const count = (socket[BEHIND] ?? 0) + 1;
  socket[BEHIND] = count;
  if (count > MAX_REQUESTS_BEHIND) socket.destroy();
  else req.resume();
}

/** True if nothing can be written to a response: it has ended, is destroyed, or waits behind another response. */
export function isGone(res: ServerResponse): boolean {
  return res.writableEnded || res.destroyed || res.closed || res.socket?.destroyed !== false;
}

// The stream may write directly to the socket only if nothing encodes or frames the body, nothing is queued, and
// write() is not wrapped: a wrapper may count bytes, or hold back the headers themselves. The bytes just written
// wait in the socket until the next tick. If they do not, as on Bun, the response does not write through its
// socket, and the socket would never emit `drain`.
function freeSocketOf(res: NodeResponse): Socket | null {
  const socket = res.socket as NodeSocket | null;
  const isFree =
    socket?._httpMessage === res &&
    socket.writableLength > 0 &&
    !res.chunkedEncoding &&
    res.outputSize === 0 &&
    !Object.hasOwn(res, "write") &&
    !res.hasHeader("Content-Encoding");
  return isFree ? socket : null;
}

// V8 keeps a text that was put together, such as the head of a response, as a tree of its parts until something reads
// it as a whole. Node keeps the head as long as the response: this saves 0.7 KiB.
function joinParts(text: string | null | undefined): void {
  if (typeof text === "string") ANY.test(text);
}

const ANY = /./;

function ignore(): void {
  // The `close` event that follows ends the connection.
}
