import http from "node:http";
import { redis } from "@boringnode/bus/transports/redis";
import { Transmit } from "@boringnode/transmit";

export const name = "transmit";
export const takesSessions = true;
export const takesRedis = true;

export function start({ app, redisUrl }) {
  const transport = transportOf(redisUrl);
  const transmit = new Transmit({ pingInterval: false, transport: null }, transport);
  let count = 0;
  app.get("/events", async (req, res) => {
    const uid = String((count += 1));
    transmit.createStream({ uid, request: req, response: res, context: {} });
    await transmit.subscribe({ uid, channel: "bench", context: {} });
  });
  return { server: http.createServer(app), broadcast: (text) => transmit.broadcast("bench", text) };
}

function transportOf(redisUrl) {
  if (redisUrl === undefined) return null;
  const { hostname, port } = new URL(redisUrl);
  return redis({ host: hostname, port: Number(port) })();
}
