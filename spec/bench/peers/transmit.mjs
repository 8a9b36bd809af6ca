import http from "node:http";
import { Transmit } from "@boringnode/transmit";

export const name = "transmit";
export const takesSessions = true;

export function start({ app }) {
  const transmit = new Transmit({ pingInterval: false, transport: null });
  let count = 0;
  app.get("/events", async (req, res) => {
    const uid = String((count += 1));
    transmit.createStream({ uid, request: req, response: res, context: {} });
    await transmit.subscribe({ uid, channel: "bench", context: {} });
  });
  return { server: http.createServer(app), broadcast: (text) => transmit.broadcast("bench", text) };
}
