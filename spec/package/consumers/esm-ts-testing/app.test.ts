// The tests of an application in TypeScript with ES modules on Express 5, and of a log of its own.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import express from "express";
import session from "express-session";
import {
  createHub,
  memoryLog,
  requireUser,
  sse,
  type EventLog,
  type SseUser,
} from "express-sse-hub";
import { LOG_CONTRACT, type LogPromise } from "express-sse-hub/log-contract";
import { NoStreamError, openStream, visit, type StreamReader } from "express-sse-hub/testing";

declare module "express-sse-hub" {
  interface SseUser {
    login: string;
  }
  interface SseEvents {
    message: string;
    order: { id: number };
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
app.use(express.json());
app.use(sse({ hub }));
app.post("/login", (req, res) => {
  req.session.user = req.body as SseUser;
  res.sendStatus(204);
});
app.get("/events", requireUser(), (req) => {
  req.sse.join();
});
app.get("/news", (req) => {
  req.sse.join();
});

void test("only the user that is meant is told", async () => {
  const [alice, bob] = await Promise.all([visit(app), visit(app)]);
  after(async () => {
    await Promise.all([alice.close(), bob.close()]);
  });
  await assert.rejects(alice.stream("/events"), (error) => {
    return error instanceof NoStreamError && error.status === 401;
  });
  await alice.post("/login", { login: "alice" });
  await bob.post("/login", { login: "bob" });
  const [toAlice, toBob] = [await alice.stream("/events"), await bob.stream("/events")];

  await hub.broadcast("order", { id: 1 }, { login: "alice" });

  const order: { id: number } = await toAlice.nextJson("order");
  assert.deepEqual(order, { id: 1 });
  await toBob.nothingArrives(hub);
});

void test("a reader that returns gets what it missed", async () => {
  const stream: StreamReader = await openStream(app, "/news");
  stream.close();
  await hub.broadcast("message", "missed");
  const again = await stream.return();
  assert.equal(await again.nextText("message"), "missed");
  again.close();
  // @ts-expect-error -- no event of the application
  await assert.rejects(again.nextText("mesage"), /ended/);
});

const contract: readonly LogPromise[] = LOG_CONTRACT;
for (const { name, run } of contract) {
  void test(name, () => run((bounds): EventLog => memoryLog(bounds)));
}
