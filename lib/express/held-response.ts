import type { ServerResponse } from "node:http";
import { holdHttp2, http2StreamOf } from "./http2-stream.js";

// Undocumented members of Node's own class. The code below checks that a member exists before it uses it.
interface NodeResponse extends ServerResponse {
  _writeRaw?: (data: string | Buffer, encoding?: unknown, callback?: unknown) => boolean;
  _flush?: () => void;
  _onPendingData?: (bytes: number) => void;
  outputSize?: number;
  readonly outputData?: Array<{ data: unknown; encoding: unknown; callback: unknown }>;
}

interface Held {
  /** Number of promises that the response waits for: with several hubs, one for each. */
  count: number;
  readonly release: () => void;
}

const held = new WeakMap<ServerResponse, Held>();

/**
 * Holds a response back until the promise has settled, and the promises of earlier calls too. Call it when the head of
 * the response is fixed, but not sent yet. If this version of Node has no such members, the response is not held.
 */
export function holdResponse(res: ServerResponse, until: Promise<unknown>): void {
  const one = held.get(res) ?? begin(res);
  if (one === undefined) return;
  one.count += 1;
  const settle = () => {
    one.count -= 1;
    if (one.count > 0) return;
    held.delete(res);
    one.release();
  };
  until.then(settle, settle);
}

function begin(res: ServerResponse): Held | undefined {
  const stream = http2StreamOf(res);
  const release = stream === undefined ? holdHttp1(res) : holdHttp2(stream);
  if (release === undefined) return undefined;
  const one = { count: 0, release };
  held.set(res, one);
  return one;
}

// Node keeps the data that is written meanwhile, as it does for a pipelined response that waits for the one before it.
function holdHttp1(res: NodeResponse): (() => void) | undefined {
  const { _writeRaw: writeRaw, _flush: flush, outputData } = res;
  if (typeof writeRaw !== "function" || typeof flush !== "function" || !Array.isArray(outputData)) {
    return undefined;
  }
  res._writeRaw = function (data, encoding, callback) {
    const [named, done] = typeof encoding === "function" ? [null, encoding] : [encoding, callback];
    res.outputData?.push({ data, encoding: named, callback: done });
    res.outputSize = (res.outputSize ?? 0) + data.length;
    res._onPendingData?.(data.length);
    return false;
  };
  return () => {
    res._writeRaw = writeRaw;
    flush.call(res);
  };
}
