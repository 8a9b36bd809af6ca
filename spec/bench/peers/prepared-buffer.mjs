// The least that Node can do: one prepared Buffer, written to each bare socket in a loop.
import http from "node:http";

export const name = "prepared-buffer";

export function start() {
  const sockets = new Set();
  const server = http.createServer((req, res) => {
    res.useChunkedEncodingByDefault = false;
    res.writeHead(200, { "Content-Type": "text/event-stream", Connection: "close" });
    res.flushHeaders();
    const { socket } = res;
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const broadcast = (text) => {
    const event = Buffer.from(`data: ${text}\n\n`);
    for (const socket of sockets) socket.write(event);
  };
  return { server, broadcast };
}
