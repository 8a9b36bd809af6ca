import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { memoryLog } from "express-sse-hub";
import { closeAll, createApplication, enter } from "./application.js";

afterEach(closeAll);

test("a reader that returns receives what it missed, and then what comes", async () => {
  const { app, hub } = createApplication();
  const alice = await enter(app, { login: "alice" });
  const stream = await alice.stream("/events");
  await hub.broadcast("order", "seen");
  assert.equal(await stream.nextText("order"), "seen");
  stream.close();
  await hub.broadcast("order", "missed by all");
  await hub.broadcast("order", "for others", { login: "bob" });
  await hub.broadcast("order", "missed by alice", { login: "alice" });

  const again = await stream.return();
  assert.deepEqual(again.verdict, { recovered: true });
  assert.equal(await again.nextText("order"), "missed by all");
  assert.equal(await again.nextText("order"), "missed by alice");
  await hub.broadcast("order", "live");
  assert.equal(await again.nextText("order"), "live");
  await again.nothingArrives(hub);
});

test("a reader is told when what it missed has left the log", async () => {
  const { app, hub } = createApplication({ hub: { log: memoryLog({ maxEvents: 2 }) } });
  const visitor = await enter(app);
  const stream = await visitor.stream("/events");
  await hub.broadcast("order", "0");
  await stream.nextText("order");
  stream.close();
  for (const text of ["1", "2", "3", "4"]) await hub.broadcast("order", text);

  const again = await stream.return();
  assert.deepEqual(again.verdict, { recovered: false, reason: "trimmed" });
  await again.nothingArrives(hub);
  const stranger = await visitor.stream("/events", { lastEventId: "not-of-this-log" });
  assert.deepEqual(stranger.verdict, { recovered: false, reason: "unknown" });
});

test("a stream begins with its state, and goes on with what changes", async () => {
  const { app, hub } = createApplication({
    routes: (routes, ownHub) => {
      routes.get("/prices", (req) => {
        const first = async () => {
          await ownHub.broadcast("price", "43");
          return ["prices", { gold: 42 }];
        };
        req.sse.join({ first });
      });
    },
  });
  await hub.retain("silver").broadcast("price", "silver 7");
  const visitor = await enter(app);
  const stream = await visitor.stream("/prices");
  assert.deepEqual(await stream.nextJson("prices"), { gold: 42 });
  const rest = [await stream.next(), await stream.next()].map(({ data }) => data);
  assert.deepEqual(rest, ["silver 7", "43"]);
  await stream.nothingArrives(hub);
});
