// What one writes by hand in Express: res.write() of a string, in a loop.
import http from "node:http";
import { keepIn } from "../harness/keep-in.mjs";

export const name = "naive-express";
export const takesSessions = true;

export function start({ app }) {
  const responses = new Set();
  app.get("/events", (req, res) => {
    res.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    res.flushHeaders();
    keepIn(responses, res);
  });
  const broadcast = (text) => {
    const event = `data: ${text}\n\n`;
    for (const res of responses) res.write(event);
  };
  return { server: http.createServer(app), broadcast };
}
