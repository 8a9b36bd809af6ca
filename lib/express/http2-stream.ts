/** The members of the stream of Node's http2 server that send a response's head and body. */
export interface Http2Stream {
  readonly destroyed: boolean;
  readonly closed: boolean;
  readonly headRequest?: boolean;
  readonly headersSent: boolean;
  respond: Method;
  respondWithFD?: Method;
  respondWithFile?: Method;
  _write?: Method;
  _writev?: Method;
  _final?: Method;
  end(): unknown;
  destroy(error?: Error): unknown;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** A head that is held back, with the writes that follow it. */
interface Hold {
  respond: () => void;
  readonly behind: Array<() => void>;
}

// Method that sends a head → the index of the argument with the headers.
const HEADS = { respond: 0, respondWithFD: 1, respondWithFile: 1 } as const;
const BODY = ["_write", "_writev", "_final"] as const;
// After these statuses there is no body.
const EMPTY = new Set([204, 205, 304]);

const holds = new WeakMap<Http2Stream, Hold>();

/** The stream of a response, if it is one of an http2 server. */
export function http2StreamOf(res: object): Http2Stream | undefined {
  const { stream } = res as { stream?: Partial<Http2Stream> };
  return typeof stream?.respond === "function" ? (stream as Http2Stream) : undefined;
}

/** Calls `onHead` with the headers of a stream when its head is fixed, but not sent yet. */
export function watchHttp2Head(stream: Http2Stream, onHead: (headers: unknown) => void): void {
  for (const [name, index] of Object.entries(HEADS) as Array<[keyof typeof HEADS, number]>) {
    const send = stream[name];
    if (typeof send !== "function") continue;
    stream[name] = function (this: unknown, ...args: unknown[]) {
      const headers = args[index];
      onHead(headers);
      const hold = holds.get(stream);
      if (hold === undefined) return send.apply(this, args);
      const kept = [...args];
      kept[index] = { ...(headers as object) };
      hold.respond = () => send.apply(stream, kept);
      // Node ends a stream without a body at this call, so that a later write is an error.
      if (isEmpty(stream, headers, args[index + 1])) stream.end();
      return undefined;
    };
  }
}

/**
 * Holds the head of a stream back; call it in `onHead`. Data that is written meanwhile waits, with the same
 * backpressure as for a peer that does not read. Returns a function that sends everything, or `undefined` if the stream
 * cannot be held back.
 */
export function holdHttp2(stream: Http2Stream): (() => void) | undefined {
  if (!BODY.every((name) => typeof stream[name] === "function")) return undefined;
  const hold: Hold = { respond: () => undefined, behind: [] };
  holds.set(stream, hold);
  const own = ["headersSent", ...BODY].map(
    (name) => [name, Object.getOwnPropertyDescriptor(stream, name)] as const,
  );
  define(stream, "headersSent", { value: true });
  for (const name of BODY) {
    const wait = (...args: unknown[]) => {
      hold.behind.push(() => stream[name]?.(...args));
    };
    define(stream, name, { value: wait, writable: true });
  }
  return () => {
    holds.delete(stream);
    for (const [name, descriptor] of own) {
      if (descriptor === undefined) Reflect.deleteProperty(stream, name);
      else define(stream, name, descriptor);
    }
    // The browser has left, so there is nothing to send.
    if (stream.destroyed || stream.closed) return;
    try {
      hold.respond();
      for (const go of hold.behind) go();
    } catch (error) {
      stream.destroy(error as Error);
    }
  };
}

function define(stream: Http2Stream, name: string, descriptor: PropertyDescriptor): void {
  Object.defineProperty(stream, name, { ...descriptor, configurable: true });
}

function isEmpty({ headRequest }: Http2Stream, headers: unknown, options: unknown): boolean {
  const { ":status": status } = (headers ?? {}) as { ":status"?: unknown };
  const { endStream } = (options ?? {}) as { endStream?: unknown };
  return headRequest === true || endStream === true || EMPTY.has(Number(status));
}
