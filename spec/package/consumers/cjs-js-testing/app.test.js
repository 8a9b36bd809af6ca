// The tests of an application in JavaScript with CommonJS on Express 4, and of a log of its own.
const assert = require("node:assert/strict");
const { after, test } = require("node:test");
const express = require("express");
const session = require("express-session");
const { createHub, memoryLog, requireUser, sse } = require("express-sse-hub");
const { LOG_CONTRACT } = require("express-sse-hub/log-contract");
const { NoStreamError, openStream, visit } = require("express-sse-hub/testing");

const hub = createHub();
const app = express();
app.use(session({ secret: "consumer", resave: false, saveUninitialized: false }));
app.use(express.json());
app.use(sse({ hub }));
app.post("/login", (req, res) => {
  req.session.user = req.body;
  res.sendStatus(204);
});
app.get("/events", requireUser(), (req) => {
  req.sse.join();
});
app.get("/news", (req) => {
  req.sse.join();
});

test("only the user that is meant is told", async () => {
  const [alice, bob] = await Promise.all([visit(app), visit(app)]);
  after(() => Promise.all([alice.close(), bob.close()]));
  await assert.rejects(alice.stream("/events"), (error) => {
    return error instanceof NoStreamError && error.status === 401;
  });
  await alice.post("/login", { login: "alice" });
  await bob.post("/login", { login: "bob" });
  const [toAlice, toBob] = [await alice.stream("/events"), await bob.stream("/events")];

  await hub.broadcast("order", { id: 1 }, { login: "alice" });

  assert.deepEqual(await toAlice.nextJson("order"), { id: 1 });
  await toBob.nothingArrives(hub);
});

test("a reader that returns gets what it missed", async () => {
  const stream = await openStream(app, "/news");
  stream.close();
  await hub.broadcast("message", "missed");
  const again = await stream.return();
  assert.equal(await again.nextText("message"), "missed");
  again.close();
});

for (const { name, run } of LOG_CONTRACT) test(name, () => run(memoryLog));
