import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { connect } from "express-sse-hub/client";
import { closeAll, createApplication, onTestEnd, serve, until } from "./application.js";

afterEach(closeAll);

async function open(path, options, routes) {
  const { app, hub } = createApplication({ routes });
  const stream = connect((await serve(app)) + path, options);
  onTestEnd(() => stream.close());
  return { hub, stream };
}

test("the client reads values in order, and reconnects with its cursor", async () => {
  const { hub, stream } = await open("/events");
  const got = [];
  stream.onJson("order", ({ id }) => got.push(id));
  await until(() => stream.state === "open", "the stream is open");
  await hub.broadcast("order", { id: 1 });
  await until(() => got.length === 1, "the first came");
  hub.connections()[0].close();
  await hub.broadcast("order", { id: 2 });
  await until(() => got.length === 2, "the missed one came");
  assert.deepEqual(got, [1, 2]);
  stream.close();
  await until(() => hub.size === 0, "the connection has ended");
});

test("the client renews its token and posts a body, and a loop ends with the stream", async () => {
  const asked = [];
  const options = {
    body: JSON.stringify({ question: "to be?" }),
    headers: ({ status }) => ({
      "Content-Type": "application/json",
      Authorization: status === 401 ? "new" : "old",
    }),
  };
  const { stream } = await open("/answers", options, (app) => {
    app.post("/answers", async (req, res) => {
      asked.push([req.headers.authorization, req.body.question]);
      if (req.headers.authorization !== "new") {
        res.sendStatus(401);
        return;
      }
      const connection = req.sse.open();
      await connection.stream(["to", "be"], "word");
      connection.end();
    });
  });
  const words = [];
  for await (const { event, data } of stream) words.push([event, data]);
  assert.deepEqual(words, [
    ["word", "to"],
    ["word", "be"],
  ]);
  assert.deepEqual(asked, [
    ["old", "to be?"],
    ["new", "to be?"],
  ]);
});

test("a loop of the client throws when the stream was refused", async () => {
  const { stream } = await open("/private");
  await assert.rejects(stream.events("order").next(), { reason: "unauthorized" });
});
