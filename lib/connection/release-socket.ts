import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

// Most of the memory of an HTTP stream is not its socket but its request, response, parser and what the
// application put on them. When the headers are sent and the request is read, the socket can be taken over, as
// Node itself does for an upgrade (onParserExecuteCommon in lib/_http_server.js of Node 20 to 24): first remove
// every listener that http put on the socket, then the parser. In another order, Node would reuse the parser for
// the next connection while this browser's bytes still reach it.

// What a browser may still send after its request, although nothing reads it.
const MAX_DISCARDED_BYTES = 4_096;

// The names of Node's own listeners. If one is missing or exists twice, the socket is left as it is.
const SOCKET_LISTENERS: ReadonlyArray<readonly [event: string, name: string]> = [
  ["data", "bound socketOnData"],
  ["end", "bound socketOnEnd"],
  ["close", "bound socketOnClose"],
  ["drain", "bound socketOnDrain"],
  ["error", "socketOnError"],
  ["timeout", "socketOnTimeout"],
  ["resume", "onSocketResume"],
  ["pause", "onSocketPause"],
];
const RESPONSE_LISTENER = ["finish", "bound resOnFinish"] as const;

// Undocumented members of Node; each is checked before it is used.
interface Parser {
  readonly incoming?: unknown;
  _consumed?: boolean;
  unconsume?: () => void;
  remove?: () => void;
  close?: () => void;
}
interface HttpSocket extends Socket {
  parser?: Parser | null;
  _httpMessage?: unknown;
}
interface HttpResponse extends ServerResponse {
  detachSocket(socket: Socket): void;
  _closed?: boolean;
}
type Listener = (...args: unknown[]) => void;

/**
 * Takes the socket away from its response. Bytes that were written are still sent; bytes that come from the
 * browser are discarded. To the application the response looks finished: it emits `finish` and `close`. Returns
 * false and changes nothing if Node's internals are not as expected.
 */
export function releaseSocket(given: ServerResponse, socket: Socket): boolean {
  const res = given as HttpResponse;
  const { parser } = socket as HttpSocket;
  const listeners = SOCKET_LISTENERS.map(([event, name]) => find(socket, event, name));
  const onFinish = find(res, ...RESPONSE_LISTENER);
  if (parser == null || onFinish === undefined || !isIdle(res, socket, parser)) return false;
  if (listeners.some((listener) => listener === undefined)) return false;
  SOCKET_LISTENERS.forEach(([event], index) => {
    socket.removeListener(event, listeners[index] as Listener);
  });
  freeParser(socket, parser);
  discardInput(socket);
  res.removeListener("finish", onFinish);
  res.detachSocket(socket);
  finish(res);
  return true;
}

// Nothing but the one response may use this socket: no second request, no unread body, nothing queued or corked,
// no timeout listener of the application, no wrapped end().
function isIdle(res: HttpResponse, socket: HttpSocket, parser: Parser): boolean {
  return (
    res.req.complete &&
    res.req.readableLength === 0 &&
    parser.incoming === res.req &&
    socket._httpMessage === res &&
    socket.writableCorked === 0 &&
    res.end === (Object.getPrototypeOf(res) as ServerResponse).end &&
    socket.listenerCount("timeout") === 1 &&
    hasMethods(parser, ["unconsume", "remove", "close"]) &&
    hasMethods(res, ["detachSocket"])
  );
}

function hasMethods(of: object, names: readonly string[]): boolean {
  return names.every((name) => typeof (of as Record<string, unknown>)[name] === "function");
}

function find(from: Socket | ServerResponse, event: string, name: string): Listener | undefined {
  const [listener, ...others] = (from.listeners(event) as Listener[]).filter(
    (one) => one.name === name,
  );
  return others.length === 0 ? listener : undefined;
}

// The parser is closed, not given back to Node's pool, so that two sockets can never feed it.
function freeParser(socket: HttpSocket, parser: Parser): void {
  if (parser._consumed === true) parser.unconsume?.();
  parser._consumed = false;
  parser.remove?.();
  socket.parser = null;
  // Later, as Node does it: the parser may be on the stack now.
  setImmediate(() => {
    parser.close?.();
  });
}

function discardInput(socket: Socket): void {
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_DISCARDED_BYTES) socket.destroy();
  });
  // A browser that ends its side of the connection has left.
  socket.on("end", () => {
    socket.destroySoon();
  });
  socket.on("error", ignore);
  socket.setTimeout(0);
  socket.resume();
}

// Listeners for the end of the response, such as a logger's, are called now, so that they release the response.
function finish(res: HttpResponse): void {
  // Nothing is left to write, so Node emits "finish" on the next tick.
  res.end();
  // Nothing is left to read: a request whose body was never read ends and closes.
  res.req.resume();
  process.nextTick(() => {
    res.destroyed = true;
    res._closed = true;
    res.emit("close");
  });
}

function ignore(): void {
  // The `close` event that follows ends the connection.
}
