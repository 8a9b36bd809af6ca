// An application in TypeScript with ES modules on Express 4: it signs in, is told, and leaves.
import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import session from "express-session";
import { createHub, requireUser, sse, type SseUser } from "express-sse-hub";

declare module "express-sse-hub" {
  interface SseUser {
    profile: "Administrator" | "Viewer";
  }
  interface SseEvents {
    message: string;
  }
}

declare module "express-session" {
  interface SessionData {
    user: SseUser;
  }
}

const hub = createHub();
const app = express();
app.use(session({ secret: "consumer", resave: false, saveUninitialized: false }));
app.use(sse({ hub, user: (req) => req.session.user }));
app.post("/login", (req, res) => {
  req.session.user = { profile: "Administrator" };
  res.sendStatus(204);
});
app.get("/events", requireUser(), (req) => {
  req.sse.join();
});

// Only compiled: the guard leaves the types beside it as they are, and the application's own are seen.
app.get("/orders/:id", requireUser({ profile: "Administrator" }), (req, res) => {
  const id: string = req.params.id;
  // @ts-expect-error -- a string, not any
  const wrongId: number = req.params.id;
  // @ts-expect-error -- one of the two profiles, not any string
  const wrongProfile: "Guest" | undefined = req.sse.user?.profile;
  // @ts-expect-error -- no event of the application
  void hub.broadcast("mesage", id);
  // @ts-expect-error -- no profile of the application
  void hub.broadcast("message", id, { profile: "Guest" });
  res.send({ wrongId, wrongProfile });
});

// Only compiled: a user function may do with its request what a route may.
app.use(sse({ hub, user: ({ cookies, query }) => findUser(cookies.token ?? query.token) }));
app.use(sse({ hub, user: (req: express.Request) => findUser(req.get("authorization") ?? req.ip) }));

function findUser(token: unknown): SseUser | null {
  return token === undefined ? null : { profile: "Viewer" };
}

const server = app.listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const login = await fetch(`${url}/login`, { method: "POST" });
const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
const client = get(`${url}/events`, { agent: false, headers: { cookie } });
const [stream] = (await once(client, "response")) as [IncomingMessage];
await hub.broadcast("message", "for viewers", { profile: "Viewer" });
await hub.broadcast("message", "hello", ({ user }) => user?.profile === "Administrator");

let received = "";
for await (const text of stream.setEncoding("utf8")) {
  received += text;
  if (received.includes("data: hello\n\n")) break;
}
assert.match(received, /^data: hello$/m);
assert.doesNotMatch(received, /for viewers/);

await hub.close();
server.close();
console.log("received hello");
