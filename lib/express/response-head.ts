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

/** Who is told of the heads of responses: what is at `req.sse`. */
interface HeadListener {
  onHead: (setCookies: readonly string[]) => void;
}

/**
 * Calls `req.sse.onHead` with the cookies that a response sets, when its head is fixed and nothing of it is
 * sent. Others may wrap `writeHead` before and after this: what they set on the way is seen. It may be
 * called more than once; the first call counts.
 */
export function watchHead(res: ServerResponse): void {
  const { stream } = res as NodeResponse;
  const { writeHead } = res as unknown as { readonly writeHead: WriteHead };
  if (typeof stream?.respond === "function") watchRespond(stream, res);
  // One function for all, in most responses: a closure for each costs a request more than all the rest.
  else if (!Object.hasOwn(res, "writeHead")) res.writeHead = writeHeadOfClass;
  else if (writeHead !== writeHeadOfClass) {
    res.writeHead = function (this: ServerResponse, ...args: unknown[]) {
      return writeThrough(this, writeHead, args);
    };
  }
}

function writeHeadOfClass(this: ServerResponse, ...args: unknown[]): ServerResponse {
  const { writeHead } = Object.getPrototypeOf(this) as { writeHead: WriteHead };
  return writeThrough(this, writeHead, args);
}

function writeThrough(
  res: ServerResponse,
  writeHead: WriteHead,
  args: readonly unknown[],
): ServerResponse {
  const result = writeHead.apply(res, args as unknown[]);
  // Set by the call alone, cookies are not among the response's headers.
  tell(res, res.getHeader("set-cookie") ?? setCookieIn(args.at(-1)));
  return result;
}

function tell(res: ServerResponse, given: unknown): void {
  if (given === undefined) return;
  (res.req as { sse?: HeadListener }).sse?.onHead([given].flat().map(String));
}

function watchRespond(stream: NonNullable<NodeResponse["stream"]>, res: ServerResponse): void {
  const respond = stream.respond as (...args: unknown[]) => unknown;
  stream.respond = function (this: unknown, headers, ...rest) {
    tell(res, setCookieIn(headers));
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
