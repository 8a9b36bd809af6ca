// A process that serves a few streams and ends by itself, for specs that read what it says on stderr. With
// REDIS_URL its log is in Redis; then it goes on until it is told to end. With THROW a subscriber of every
// channel throws, and what arrived nevertheless is said on stdout.
import { subscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import session from "express-session";
import { createHub, sse } from "express-sse-hub";
import { redisLog } from "express-sse-hub/redis";
import { openStream } from "../support/open-stream.js";

const { REDIS_URL, THROW } = process.env;
const hub = createHub(REDIS_URL === undefined ? {} : { log: redisLog({ url: REDIS_URL }) });
hub.on("error", () => undefined);
const app = express();
app.use(session({ secret: "spec", resave: false, saveUninitialized: false }));
app.use(sse({ hub }));
app.post("/login", (req, res) => {
  Object.assign(req.session, { user: { login: "alice" } });
  res.sendStatus(204);
});
app.post("/logout", (req, res) => {
  req.session.destroy(() => res.sendStatus(204));
});
app.get("/events", (req) => void req.sse.join("desk"));
const server = createServer(app);
await once(server.listen(0, "127.0.0.1"), "listening");
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function post(path: string, cookie = ""): Promise<string> {
  const res = await fetch(url + path, { method: "POST", headers: { cookie, connection: "close" } });
  return res.headers.get("set-cookie")?.split(";", 1).join() ?? "";
}

async function serveAlice(): Promise<void> {
  const cookie = await post("/login");
  const first = await openStream(url, "/events", { cookie });
  await first.opened();
  await hub.to("desk").broadcast("message", "hello");
  await hub.to("desk").broadcast("message", "hello", { login: "bob" });
  await first.next();
  const left = once(hub as never, "leave");
  first.close();
  await left;
  const second = await openStream(url, "/events", { cookie, lastEventId: first.lastEventId });
  await second.opened();
  const origin = { Origin: "https://elsewhere.example" };
  (await openStream(url, "/events", { headers: origin })).close();
  await post("/logout", cookie);
  await second.closed;
}

if (THROW !== undefined) {
  const errors: string[] = [];
  process.on("uncaughtException", ({ message }) => errors.push(message));
  for (const name of ["open", "end", "pass", "session", "refusal"]) {
    subscribe(`express-sse-hub:${name}`, () => {
      throw new Error(name);
    });
  }
  await serveAlice();
  await new Promise((resolve) => setImmediate(resolve));
  process.stdout.write(`${errors.join(" ")}\n`);
} else if (REDIS_URL === undefined) {
  await serveAlice();
} else {
  process.stdin.resume();
  await once(process.stdin, "end");
}
await hub.close();
server.closeAllConnections();
server.close();
