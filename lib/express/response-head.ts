import type { ServerResponse } from "node:http";
import { http2StreamOf, watchHttp2Head } from "./http2-stream.js";

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
  const stream = http2StreamOf(res);
  const { writeHead } = res as unknown as { readonly writeHead: WriteHead };
  if (stream !== undefined) {
    watchHttp2Head(stream, (headers) => {
      tell(res, setCookieIn(headers));
    });
  }
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
