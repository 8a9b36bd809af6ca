import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, test } from "node:test";
import { closeAll, createApplication, enter } from "./application.js";

afterEach(closeAll);

test("a broadcast reaches every reader, in order and as it was sent", async () => {
  const { app, hub } = createApplication();
  const [one, two] = [await enter(app), await enter(app)];
  const readers = [await one.stream("/events"), await two.stream("/events")];
  const texts = ["plain", "two\nlines", "", "Grüße, 世界 🎉", "x".repeat(300_000)];
  for (const text of texts) await hub.broadcast("note", text);
  await hub.broadcast("order", { id: 1, lines: ["a\nb"] });
  for (const reader of readers) {
    for (const text of texts) assert.equal(await reader.nextText("note"), text);
    assert.deepEqual(await reader.nextJson("order"), { id: 1, lines: ["a\nb"] });
    await reader.nothingArrives(hub);
  }
});

test("a matcher and a predicate choose the users that receive an event", async () => {
  const { app, hub } = createApplication();
  const alice = await enter(app, { login: "alice", profile: "Administrator", age: 40 });
  const bob = await enter(app, { login: "bob", profile: "Viewer", age: 30 });
  const nobody = await enter(app);
  const toAlice = await alice.stream("/events");
  const toBob = await bob.stream("/events");
  const toNobody = await nobody.stream("/events");

  await hub.broadcast("order", { id: 1 }, { profile: "Administrator" });
  await hub.broadcast("order", { id: 2 }, { age: { $gte: 35 }, login: { $ne: "bob" } });
  await hub.broadcast("order", { id: 3 }, ({ user }) => user?.login === "bob");
  await hub.broadcast("order", { id: 4 }, { $or: [{ login: "alice" }, { login: "bob" }] });

  for (const id of [1, 2, 4]) assert.deepEqual(await toAlice.nextJson("order"), { id });
  for (const id of [3, 4]) assert.deepEqual(await toBob.nextJson("order"), { id });
  for (const reader of [toAlice, toBob, toNobody]) await reader.nothingArrives(hub);
});

test("rooms and except narrow an audience", async () => {
  const { app, hub } = createApplication();
  const [cook, waiter] = [await enter(app), await enter(app)];
  const kitchen = await cook.stream("/rooms/kitchen");
  const desk = await waiter.stream("/rooms/desk");

  await hub.to("kitchen").broadcast("order", "soup");
  await hub.to("kitchen", "desk").except(desk.connectionId).broadcast("order", "bread");
  await hub.to("desk").broadcast("order", "bill");

  assert.equal(await kitchen.nextText("order"), "soup");
  assert.equal(await kitchen.nextText("order"), "bread");
  assert.equal(await desk.nextText("order"), "bill");
  for (const reader of [kitchen, desk]) await reader.nothingArrives(hub);
});

test("a page sees the bytes that EventSource expects, with no buffering in between", async () => {
  const { app, hub } = createApplication();
  const visitor = await enter(app);
  const stream = await visitor.stream("/events");
  assert.equal(stream.headers["content-type"], "text/event-stream");
  assert.equal(stream.headers["x-accel-buffering"], "no");
  assert.match(String(stream.headers["cache-control"]), /no-transform/);
  assert.deepEqual(stream.verdict, { recovered: null });
  const id = await hub.broadcast("order", { id: 1 });
  await stream.nextJson("order");
  assert.equal(stream.lastEventId, id);
});

test("a browser that leaves is forgotten", async () => {
  const { app, hub } = createApplication();
  const visitor = await enter(app, { login: "alice" });
  const stream = await visitor.stream("/events");
  const [connection] = hub.connections();
  const left = once(hub, "leave");
  stream.close();
  assert.deepEqual(await left, [connection, "gone"]);
  assert.equal(connection.signal.aborted, true);
  assert.deepEqual([hub.size, await hub.count()], [0, 0]);
});
