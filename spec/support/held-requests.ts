// A server with open streams as a process of its own, for a spec that asks what of their requests is
// kept in memory. Prints how many are left once garbage was collected, until nothing more goes.
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import express from "express";
import session from "express-session";
import { createHub, sse } from "express-sse-hub";

/** What is left of the streams' requests, of 50 of each kind, while all streams are open. */
export interface Held {
  streams: number;
  requests: number;
  responses: number;
  sessions: number;
}

const STREAMS = 50;
const ROUNDS = 50;

const hub = createHub({ releaseRequest: process.argv[2] === "released" });
const seen: Record<"requests" | "responses" | "sessions", Array<WeakRef<object>>> = {
  requests: [],
  responses: [],
  sessions: [],
};
const app = express();
const server = createServer(app);
app.use(session({ secret: "spec", resave: false, saveUninitialized: false }));
app.use(sse({ hub, user: async () => Promise.resolve({ login: "alice" }) }));
app.use((req, res, next) => {
  seen.requests.push(new WeakRef(req));
  seen.responses.push(new WeakRef(res));
  seen.sessions.push(new WeakRef(req.session));
  next();
});
app.get("/events", (req) => {
  const { signal } = req.sse.join("red");
  signal.addEventListener("abort", () => undefined);
});
app.get("/first", (req) => {
  req.sse.join({ first: () => ["message", "first"] });
});
app.get("/own", (req) => {
  req.sse.open().send("message", "not open yet");
});

await once(server.listen(0, "127.0.0.1"), "listening");
const paths = ["/events", "/first", "/own"];
for (let n = 0; n < STREAMS; n += 1) await open(paths[n % paths.length] as string);
await hub.broadcast("message", "hello");
let held = await takeHeld();
// One round leaves what the next may take: rather than to say how many it needs, all are given.
for (let round = 0; round < ROUNDS && held.requests > 0; round += 1) held = await takeHeld();
process.stdout.write(JSON.stringify(held));
process.exit();

async function open(path: string): Promise<void> {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.setEncoding("utf8").write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  for (let text = ""; !text.includes("hub:open");) {
    text += String((await once(socket, "data"))[0]);
  }
  socket.resume();
}

async function takeHeld(): Promise<Held> {
  await nextTurn();
  globalThis.gc?.();
  const left = (refs: Array<WeakRef<object>>) => refs.filter((ref) => ref.deref()).length;
  return {
    streams: hub.size,
    requests: left(seen.requests),
    responses: left(seen.responses),
    sessions: left(seen.sessions),
  };
}
