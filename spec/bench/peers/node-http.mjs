// Node's own http and nothing else: one string, written to each response.
import http from "node:http";
import { keepIn } from "../harness/keep-in.mjs";

export const name = "node-http";

export function start() {
  const responses = new Set();
  const server = http.createServer((req, res) => {
    res.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    res.flushHeaders();
    keepIn(responses, res);
  });
  const broadcast = (text) => {
    const event = `data: ${text}\n\n`;
    for (const res of responses) res.write(event);
  };
  return { server, broadcast };
}
