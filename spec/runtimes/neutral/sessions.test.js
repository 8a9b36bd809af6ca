import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { closeAll, createApplication, enter } from "./application.js";

afterEach(closeAll);

test("after logout the streams of a session end, and nothing more is delivered", async () => {
  const { app, hub } = createApplication();
  const alice = await enter(app, { login: "alice" });
  const bob = await enter(app, { login: "bob" });
  const toAlice = [await alice.stream("/private"), await alice.stream("/events")];
  const toBob = await bob.stream("/private");
  await hub.broadcast("order", "before", { login: "alice" });

  await alice.post("/logout");
  await hub.broadcast("order", "secret", { login: "alice" });
  await hub.broadcast("order", "for all");

  for (const stream of toAlice) {
    assert.equal(await stream.ended, "user");
    const received = stream.all.filter(({ event }) => event === "order").map(({ data }) => data);
    assert.deepEqual(received, ["before"]);
  }
  await assert.rejects(toAlice[0].return(), { status: 401 });
  const anonymous = await toAlice[1].return();
  assert.equal(await anonymous.nextText("order"), "for all");
  await anonymous.nothingArrives(hub);
  assert.equal(await toBob.nextText("order"), "for all");
  await toBob.nothingArrives(hub);
});

test("a changed user ends the stream, and the reader returns as the new one", async () => {
  const { app, hub } = createApplication();
  const alice = await enter(app, { login: "alice", profile: "Viewer" });
  const stream = await alice.stream("/events");

  await alice.post("/profile", { profile: "Administrator" });
  await hub.broadcast("order", "for viewers", { profile: "Viewer" });
  await hub.broadcast("order", "for administrators", { profile: "Administrator" });

  assert.equal(await stream.ended, "user");
  assert.deepEqual(stream.pending, []);
  const again = await stream.return();
  assert.equal(await again.nextText("order"), "for administrators");
  await again.nothingArrives(hub);
  const user = { login: "alice", profile: "Administrator" };
  assert.deepEqual(await hub.users(), [{ user, connections: 1 }]);
});

test("a guard answers 401 without a user and 403 to another one", async () => {
  const { app, hub } = createApplication();
  const visitor = await enter(app);
  await assert.rejects(visitor.stream("/private"), { status: 401 });
  await visitor.post("/login", { login: "bob", profile: "Viewer" });
  await assert.rejects(visitor.stream("/admins"), { status: 403 });
  await visitor.post("/profile", { profile: "Administrator" });
  const stream = await visitor.stream("/admins");
  await hub.broadcast("order", "1");
  assert.equal(await stream.nextText("order"), "1");
});

test("refresh and disconnect end the streams of the users that match", async () => {
  const { app, hub } = createApplication();
  const alice = await enter(app, { login: "alice" });
  const bob = await enter(app, { login: "bob" });
  const [toAlice, toBob] = [await alice.stream("/events"), await bob.stream("/events")];
  await hub.refresh({ login: "alice" });
  await hub.disconnect({ login: "bob" });
  assert.equal(await toAlice.ended, "refresh");
  assert.equal(await toBob.ended, "stop");
  await assert.rejects(toBob.return(), { status: 204 });
});
