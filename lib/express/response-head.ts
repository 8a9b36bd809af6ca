import type { ServerResponse } from "node:http";

// What Node adds to its own classes without documenting it. Each is checked before it is relied on.
interface NodeResponse extends ServerResponse {
  // Of Node's http2 server, whose responses are written to a stream of their own.
  readonly stream?: { respond?: (headers?: object, ...rest: unknown[]) => unknown };
  _writeRaw?: (data: string | Buffer, encoding?: unknown, callback?: unknown) => boolean;
  _flush?: () => void;
  _onPendingData?: (bytes: number) => void;
  outputSize?: number;
  readonly outputData?: Array<{ data: unknown; encoding: unknown; callback: unknown }>;
}

type WriteHead = (this: ServerResponse, ...args: unknown[]) => ServerResponse;

/**
 * Calls back once, with the cookies that a response sets, when its head is fixed and nothing of it is
 * sent. Others may wrap `writeHead` before and after this: what they set on the way is seen.
 */
export function onHead(res: ServerResponse, call: (setCookies: readonly string[]) => void): void {
  const { stream } = res as NodeResponse;
  if (typeof stream?.respond === "function") onRespond(stream, call);
  else onWriteHead(res, call);
}

function onWriteHead(res: ServerResponse, call: (setCookies: readonly string[]) => void): void {
  const { writeHead: inner } = res as unknown as { writeHead: WriteHead };
  const wrapper = function (this: ServerResponse, ...args: unknown[]) {
    // Who wraps it outside of this may hold on to it, and nothing is to hold on to the request.
    if (res.writeHead === wrapper) res.writeHead = inner;
    const result = inner.apply(this, args);
    // Set by the call alone, cookies are not among the response's headers.
    const given = res.getHeader("set-cookie") ?? setCookieIn(args.at(-1));
    if (given !== undefined) call([given].flat().map(String));
    return result;
  };
  res.writeHead = wrapper;
}

function onRespond(
  stream: NonNullable<NodeResponse["stream"]>,
  call: (setCookies: readonly string[]) => void,
): void {
  const respond = stream.respond as (...args: unknown[]) => unknown;
  stream.respond = function (this: unknown, headers, ...rest) {
    const given = setCookieIn(headers);
    if (given !== undefined) call([given].flat().map(String));
    return respond.call(this, headers, ...rest);
  };
}

// Headers as writeHead() takes them: an object, or names and values in turn.
function setCookieIn(headers: unknown): unknown {
  if (typeof headers !== "object" || headers === null) return undefined;
  const entries: Array<[unknown, unknown]> = Array.isArray(headers)
    ? inPairs(headers.flat())
    : Object.entries(headers);
  const found = entries
    .filter(([name]) => String(name).toLowerCase() === "set-cookie")
    .flatMap(([, value]) => value);
  return found.length === 0 ? undefined : found;
}

function inPairs(list: readonly unknown[]): Array<[unknown, unknown]> {
  return list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]]] : []));
}

/**
 * Keeps a response, whose head is fixed and not sent, from the socket until a promise has settled. Node
 * holds what is written meanwhile as it does for a response that waits for the one before it.
 */
export function holdResponse(res: ServerResponse, until: Promise<unknown>): void {
  const held = res as NodeResponse;
  const { _writeRaw: writeRaw, _flush: flush, outputData } = held;
  if (typeof writeRaw !== "function" || typeof flush !== "function" || !Array.isArray(outputData)) {
    return;
  }
  held._writeRaw = function (data, encoding, callback) {
    const [named, done] = typeof encoding === "function" ? [null, encoding] : [encoding, callback];
    held.outputData?.push({ data, encoding: named, callback: done });
    held.outputSize = (held.outputSize ?? 0) + data.length;
    held._onPendingData?.(data.length);
    return false;
  };
  const release = () => {
    held._writeRaw = writeRaw;
    flush.call(held);
  };
  until.then(release, release);
}
