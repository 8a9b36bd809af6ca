import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { releaseSocket } from "./release-socket.js";

// A frame above this goes out as consecutive parts, so that progress of a slow reader can be seen.
const PART_BYTES = 65_536;
// More than an honest client has on its way before it reads that the connection will close.
const MAX_REQUESTS_BEHIND = 1_000;

// What Node adds to its own classes without documenting it. Each is checked before it is relied on.
interface NodeResponse extends ServerResponse {
  readonly outputSize?: number;
  // Of Node's http2 server, whose responses do not tell these themselves.
  readonly stream?: { readonly writableLength: number; readonly writableNeedDrain: boolean };
  flush?: () => void;
}
interface NodeSocket extends Socket {
  readonly _httpMessage: unknown;
  readonly _handle?: { readonly writeQueueSize?: number } | null;
}

/**
 * The way to one browser: an HTTP response whose body is the stream. It writes straight to the
 * socket while nothing stands between response and socket, and through the response otherwise; the
 * decision falls once, after the headers, so that no two ways are ever mixed.
 */
export class Transport {
  // `null` once the response was let go of: then the socket is all there is.
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

  /** False before {@link begin} and as soon as nothing more can be written. */
  get isOpen(): boolean {
    return this.#hasBegun && !this.#hasEnded && !this.isGone;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** True when the socket is all that is left: the response was let go of. */
  get isReleased(): boolean {
    return this.#res === null;
  }

  /** True when the browser has left, or the response was taken by somebody else. */
  get isGone(): boolean {
    if (this.#res !== null) return isGone(this.#res);
    return this.#isClosed || this.#socket?.writable !== true;
  }

  /** Bytes that the kernel has not taken yet. */
  get pendingBytes(): number {
    const out = this.#socket ?? this.#res?.stream ?? this.#res;
    return out?.writableLength ?? 0;
  }

  /** True when a `drain` will follow, so that the next page is better read then. */
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

  /** Sends the headers, fixed before, with the first bytes of the body. */
  begin(text: string): void {
    this.#hasBegun = true;
    const res = this.#res;
    if (res === null || this.#hasEnded || res.destroyed) return;
    try {
      res.write(text);
      res.flush?.();
    } catch {
      // Somebody's wrapper around write() threw. Its stream is broken; the others' are not.
      this.destroy();
      return;
    }
    this.#socket = freeSocketOf(res);
    const { socket } = res;
    if (socket !== null) requestsBehind.set(socket, 0);
    // Node holds back what a response writes until the next tick; these bytes are to go at once.
    socket?.uncork();
    socket?.setTimeout(0);
    socket?.setNoDelay(true);
    // Finds a peer that vanished without a word in about 20 s; without it TCP takes a quarter of an hour.
    socket?.setKeepAlive(true, 10_000);
  }

  /**
   * Lets go of request and response, so that only the socket is kept. Where anything stands in the
   * way of that, nothing happens.
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

  /** Writes whole events. After the end, or when the browser is gone, nothing happens. */
  write(bytes: Buffer): void {
    const socket = this.#socket;
    try {
      if (socket !== null) {
        // Asked of the socket alone: a response is an object on which Node's own fast paths are lost.
        if (socket.writable && !this.#hasEnded) writeParts(socket, bytes);
      } else if (this.#res !== null && this.isOpen) {
        writeParts(this.#res, bytes);
        this.#res.flush?.();
      }
    } catch {
      // Somebody's wrapper around write() threw. Its stream is broken; the others' are not.
      this.destroy();
    }
  }

  onDrain(listener: () => void): void {
    (this.#socket ?? this.#res)?.once("drain", listener);
  }

  onClose(listener: () => void): void {
    // A copy, not push(), which would make room for sixteen more.
    this.#closeListeners = [...this.#closeListeners, listener];
  }

  /** Ends the body; the socket closes once the kernel has taken what is pending. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    try {
      if (this.#res === null) this.#socket?.destroySoon();
      else if (!this.#res.destroyed) this.#res.end();
    } catch {
      // As in write(): the end of the others is not to wait for this one's.
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

/** True when an earlier response on the same socket has not ended, so that this one must wait. */
export function isPipelined(res: ServerResponse): boolean {
  const { socket } = res.req;
  return res.socket === null && !res.writableEnded && !res.destroyed && !socket.destroyed;
}

/** True when the socket of a request carries a stream already, so that it is never answered. */
export function isBehindStream(req: IncomingMessage): boolean {
  return requestsBehind.has(req.socket);
}

/**
 * Lets go of a request that came behind a stream. Node keeps each for an answer that never comes, so
 * a browser that sends many of them loses its socket.
 */
export function dropBehindStream(req: IncomingMessage): void {
  const { socket } = req;
  const count = (requestsBehind.get(socket) ?? 0) + 1;
  requestsBehind.set(socket, count);
  if (count > MAX_REQUESTS_BEHIND) socket.destroy();
  else req.resume();
}

// Sockets that carry a stream, with the number of requests that came behind it.
const requestsBehind = new WeakMap<Socket, number>();

/** True when a response can take nothing (more): ended, destroyed, or pipelined behind another one. */
export function isGone(res: ServerResponse): boolean {
  return res.writableEnded || res.destroyed || res.closed || res.socket?.destroyed !== false;
}

// The body is the socket's own bytes only if nothing encodes or frames it, nothing is queued before,
// and nobody has wrapped write(): a wrapper may count what goes by, or hold the head itself back.
// What was just written waits in the socket until the next tick. Where it does not, as on Bun, the response
// does not write through its socket, and the socket would never tell that it takes more.
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

function ignore(): void {
  // The `close` that follows tells the connection.
}
