// Not Server-Sent Events, but what many take for the same purpose: measured between nodes only.
import http from "node:http";
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

export const name = "socket.io";
export const speaks = "socket.io";
export const takesRedis = true;

export async function start({ app, redisUrl }) {
  const client = createClient({ url: redisUrl });
  await client.connect();
  const server = http.createServer(app);
  const io = new Server(server, { adapter: createAdapter(client), transports: ["websocket"] });
  return { server, broadcast: (text) => io.emit("bench", text) };
}
