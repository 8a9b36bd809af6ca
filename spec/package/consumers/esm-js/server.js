// An application in JavaScript with ES modules on Express 5: it signs in, is told, and leaves.
import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import express from "express";
import session from "express-session";
import { createHub, requireUser, sse } from "express-sse-hub";

const hub = createHub();
const app = express();
app.use(session({ secret: "consumer", resave: false, saveUninitialized: false }));
app.use(sse({ hub }));
app.post("/login", (req, res) => {
  req.session.user = { profile: "Administrator" };
  res.sendStatus(204);
});
app.get("/events", requireUser(), (req) => {
  req.sse.join();
});

const server = app.listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${server.address().port}`;

const login = await fetch(`${url}/login`, { method: "POST" });
const cookie = login.headers.get("set-cookie").split(";")[0];
const [stream] = await once(
  get(`${url}/events`, { agent: false, headers: { cookie } }),
  "response",
);
await hub.broadcast("message", "for viewers", { profile: "Viewer" });
await hub.broadcast("message", "hello", { profile: "Administrator" });

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
