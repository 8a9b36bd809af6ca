import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

// What an HTTP stream keeps beside its socket (request, response, parser, what the application put on
// them) is most of its memory. When the headers are out and the request is read, the socket can be
// taken over, as Node itself does for an upgrade (onParserExecuteCommon in lib/_http_server.js of
// Node 20 to 24): first every listener that http put on it goes, then the parser. In another order the
// parser, handed to the next connection, would be fed with this browser's bytes.

// What a browser may still send on a connection that is to close after its response.
const MAX_DISCARDED_BYTES = 4_096;

// The names by which Node's listeners are known. One that is missing, or there twice: nothing is touched.
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

// Undocumented; each is looked for before it is relied on.
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
 * Takes the socket from the response whose body it carries: what was written stays, what comes from
 * the browser is thrown away. To the application the response looks finished: `finish` and `close`
 * are emitted. Gives false, with nothing changed, where Node is not as it is known.
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

// Nothing may come from, or go to, this socket but the one response: no request behind it, no body
// unread, nothing queued or held back, no timeout of somebody's own, nobody who waits for the end.
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

// Not given back to Node's pool: what was deleted can never be fed by two sockets.
function freeParser(socket: HttpSocket, parser: Parser): void {
  if (parser._consumed === true) parser.unconsume?.();
  parser._consumed = false;
  parser.remove?.();
  socket.parser = null;
  // As Node does: its own stack may still be in it.
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
  // A browser that says it will send no more has left.
  socket.on("end", () => {
    socket.destroySoon();
  });
  socket.on("error", ignore);
  socket.setTimeout(0);
  socket.resume();
}

// What waits for the end of the response, such as a logger, is served now and lets go of it.
function finish(res: HttpResponse): void {
  // Nothing is left to be written, so Node emits "finish" on the next tick.
  res.end();
  // Nor to be read: a request that nobody has looked at ends and closes.
  res.req.resume();
  process.nextTick(() => {
    res.destroyed = true;
    res._closed = true;
    res.emit("close");
  });
}

function ignore(): void {
  // The `close` that follows tells the connection.
}
