// An application in TypeScript with ES modules. Its sessions and its events are in the Redis whose URL is
// its argument, through one client of the package redis.
import type { AddressInfo } from "node:net";
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { createHub, requireUser, sse } from "express-sse-hub";
import { redisLog } from "express-sse-hub/redis";
import { createClient } from "redis";

declare module "express-session" {
  interface SessionData {
    user: { login: string; profile: string };
  }
}

const [, , url = ""] = process.argv;
const client = createClient({ url });
client.on("error", console.error);
await client.connect();
const store = new RedisStore({ client });
const hub = createHub({ log: redisLog({ client, name: "redis-sessions" }) });

const app = express();
app.use(session({ store, secret: "consumer", resave: false, saveUninitialized: false }));
app.use(sse({ hub, user: (req) => req.session.user }));
app.get("/events", requireUser(), (req) => {
  req.sse.join();
});
app.post("/login", (req, res) => {
  req.session.user = { login: "alice", profile: "Administrator" };
  res.sendStatus(204);
});
app.post("/logout", (req, res, next) => {
  req.session.destroy((error) => {
    if (error) next(error);
    else res.sendStatus(204);
  });
});
app.post("/hello", async (_req, res) => {
  res.json(await hub.broadcast("message", "hello", { profile: "Administrator" }));
});

const server = app.listen(0, "127.0.0.1", () => {
  process.send?.((server.address() as AddressInfo).port);
});
process.once("disconnect", () => {
  server.close();
  void hub.close().then(() => {
    client.destroy();
  });
});
