import { ServerResponse } from "node:http";
import { http2StreamOf, watchHttp2Head } from "./http2-stream.js";

type WriteHead = (this: ServerResponse, ...args: unknown[]) => ServerResponse;

/** Who is told of the heads of responses: what is at `req.sse`. */
export interface HeadListener {
  onHead?: (setCookies: readonly string[]) => void;
}

// Of each copy of Express in the process, what all its responses inherit from → the `writeHead` it was given.
const watched = new WeakMap<object, WriteHead>();

/**
 * Calls `req.sse.onHead` with the cookies that a response sets, when its head is fixed and nothing of it is
 * sent. Others may wrap `writeHead` before and after this: what they set on the way is seen. It may be
 * called more than once; the first call counts.
 */
export function watchHead(res: ServerResponse): void {
  const stream = http2StreamOf(res);
  if (stream !== undefined) {
    watchHttp2Head(stream, (headers) => {
      tell(res, setCookieIn(headers));
    });
  } else if (Object.hasOwn(res, "writeHead")) {
    const { writeHead } = res as unknown as { readonly writeHead: WriteHead };
    if (writeHead === writeHeadOfClass) return;
    res.writeHead = function (this: ServerResponse, ...args: unknown[]) {
      return writeThrough(this, writeHead, args);
    };
  } else if (!isWatchedByClass(res)) {
    res.writeHead = writeHeadOfClass;
  }
}

// A property of its own costs a response more than all the rest: so those of Express inherit it.
function isWatchedByClass(res: ServerResponse): boolean {
  const base = expressBaseOf(res);
  if (base === null) return false;
  // Somebody else may have written there since.
  if (Object.hasOwn(base, "writeHead")) return base.writeHead === watched.get(base);
  if (!Object.isExtensible(base)) return false;
  base.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    // Looked up each time: somebody may wrap that of Node's class later.
    const { writeHead } = Object.getPrototypeOf(base) as { readonly writeHead: WriteHead };
    return writeThrough(this, writeHead, args);
  };
  watched.set(base, base.writeHead);
  return true;
}

// Whichever application has it, also one that is not mounted: its responses inherit from `express.response`, that from
// Node's class. `null` where an application has a `writeHead` of its own, which may leave that out.
function expressBaseOf(res: ServerResponse): { writeHead: WriteHead } | null {
  let proto = Object.getPrototypeOf(res) as object | null;
  while (proto !== null) {
    const above = Object.getPrototypeOf(proto) as object | null;
    if (above === ServerResponse.prototype) {
      return Object.hasOwn(proto, "sendStatus") ? (proto as { writeHead: WriteHead }) : null;
    }
    if (Object.hasOwn(proto, "writeHead")) return null;
    proto = above;
  }
  return null;
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
  // A response that did not pass sse() has nobody to tell.
  (res.req as { sse?: HeadListener }).sse?.onHead?.([given].flat().map(String));
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
