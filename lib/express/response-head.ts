import { ServerResponse } from "node:http";
import { http2StreamOf, watchHttp2Head } from "./http2-stream.js";

type WriteHead = (this: ServerResponse, ...args: unknown[]) => ServerResponse;

/** The part of `req.sse` that is called with the cookies of a response. */
export interface HeadListener {
  onHead?: (setCookies: readonly string[]) => void;
}

// The object that all responses of a copy of Express inherit from → the `writeHead` that this file has put on it.
const watched = new WeakMap<object, WriteHead>();

/**
 * Calls `req.sse.onHead` with the cookies that a response sets, when its head is fixed, but not sent yet. Other
 * middleware may wrap `writeHead` before or after this; the cookies that it sets there are included. `onHead` may be
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

// An own property would slow each response down more than everything else here, so responses of Express inherit it.
function isWatchedByClass(res: ServerResponse): boolean {
  const base = expressBaseOf(res);
  if (base === null) return false;
  // Other code may have replaced it since.
  if (Object.hasOwn(base, "writeHead")) return base.writeHead === watched.get(base);
  if (!Object.isExtensible(base)) return false;
  base.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    // Looked up at each call, because other code may wrap the method of Node's class later.
    const { writeHead } = Object.getPrototypeOf(base) as { readonly writeHead: WriteHead };
    return writeThrough(this, writeHead, args);
  };
  watched.set(base, base.writeHead);
  return true;
}

// The object `express.response` of the response's copy of Express, which inherits from Node's class. All applications
// of this copy share it, also one that is not mounted. `null` if an application has a `writeHead` of its own, because
// it may not call the inherited one.
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
  // Cookies that are only an argument of writeHead() are not among the response's headers.
  tell(res, res.getHeader("set-cookie") ?? setCookieIn(args.at(-1)));
  return result;
}

function tell(res: ServerResponse, given: unknown): void {
  if (given === undefined) return;
  // If the request did not pass sse(), it has no `req.sse`.
  (res.req as { sse?: HeadListener }).sse?.onHead?.([given].flat().map(String));
}

// The headers are an argument of writeHead(): an object, an array of pairs, or an array of names and values in turn. A
// value may be an array.
function setCookieIn(headers: unknown): unknown {
  if (typeof headers !== "object" || headers === null) return undefined;
  const entries: Array<[unknown, unknown]> = Array.isArray(headers)
    ? pairsIn(headers)
    : Object.entries(headers);
  const found = entries
    .filter(([name]) => String(name).toLowerCase() === "set-cookie")
    .flatMap(([, value]) => value);
  return found.length === 0 ? undefined : found;
}

function pairsIn(list: readonly unknown[]): Array<[unknown, unknown]> {
  if (Array.isArray(list[0])) return list as Array<[unknown, unknown]>;
  return list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]]] : []));
}
