// An application in JavaScript with CommonJS on Express 4: it signs in, is told, and leaves.
const assert = require("node:assert/strict");
const { once } = require("node:events");
const { get } = require("node:http");
const express = require("express");
const session = require("express-session");
const { createHub, requireUser, sse } = require("express-sse-hub");

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

async function main() {
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
}

main();
