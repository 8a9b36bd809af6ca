import http from "node:http";
import SseChannel from "sse-channel";

export const name = "sse-channel";
export const takesSessions = true;

export function start({ app }) {
  const channel = new SseChannel();
  app.get("/events", (req, res) => channel.addClient(req, res));
  return { server: http.createServer(app), broadcast: (text) => channel.send({ data: text }) };
}
