import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, test } from "node:test";
import { createHub } from "express-sse-hub";
import { closeAll, createApplication, enter } from "./application.js";

afterEach(closeAll);

test("a reader above a limit is put off, and let in when there is room", async () => {
  const { app, hub } = createApplication({ hub: { limits: { perUser: 1 } } });
  const alice = await enter(app, { login: "alice" });
  const bob = await enter(app, { login: "bob" });
  const stream = await alice.stream("/events");
  await bob.stream("/events");
  await assert.rejects(alice.stream("/events"), ({ status, body }) => {
    assert.equal(status, 200);
    assert.doesNotMatch(body, /hub:open/);
    return true;
  });
  const left = once(hub, "leave");
  stream.close();
  await left;
  const second = await alice.stream("/events");
  await hub.broadcast("order", "1", { login: "alice" });
  assert.equal(await second.nextText("order"), "1");
});

test("a hub that closes ends its streams with a word, and lets nobody in", async () => {
  const { app, hub } = createApplication();
  const visitor = await enter(app);
  const streams = [await visitor.stream("/events"), await visitor.stream("/events")];
  await hub.broadcast("order", "last words");
  await hub.close();
  for (const stream of streams) {
    assert.equal(await stream.nextText("order"), "last words");
    assert.equal(await stream.ended, "shutdown");
  }
  await assert.rejects(visitor.stream("/events"), { status: 200 });
  await assert.rejects(hub.broadcast("order", "late"), { code: "ERR_SSE_CLOSED" });
});

test("an application that answers after join() is told so", async () => {
  const { app, hub } = createApplication({
    routes: (routes) => {
      routes.get("/answered", (req, res) => {
        req.sse.join();
        res.end();
      });
    },
  });
  const visitor = await enter(app);
  const failed = once(hub, "error");
  await visitor.stream("/answered").catch(() => undefined);
  const [error] = await failed;
  assert.equal(error.code, "ERR_SSE_ANSWERED");
  assert.match(error.message, /\/answered/);
});

test("misuse is refused by name", async () => {
  const { hub } = createApplication();
  assert.throws(() => createHub({ heartbeat: 1 }), {
    code: "ERR_SSE_OPTION",
    message: /heartbeatMs/,
  });
  assert.throws(() => hub.broadcast("two\nlines", ""), { code: "ERR_SSE_FIELD" });
  assert.throws(() => hub.broadcast("order", new Map([[1, 2]])), { code: "ERR_SSE_DATA" });
});
