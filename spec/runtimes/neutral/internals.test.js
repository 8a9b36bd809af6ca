import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { closeAll, createApplication, enter, releaseRequest, until } from "./application.js";

afterEach(closeAll);

const isBun = process.versions.bun !== undefined;
const isNode = !isBun && process.versions.deno === undefined;

test("what relies on internals of Node falls back by itself elsewhere", async () => {
  let response;
  const { app, hub } = createApplication({
    routes: (routes) => {
      routes.get("/kept", (req, res) => {
        response = res;
        req.sse.join();
      });
    },
  });
  const visitor = await enter(app);
  const stream = await visitor.stream("/kept");
  const isReleased = releaseRequest && isNode;
  if (isReleased) await until(() => response.destroyed, "the response was let go of");

  // Whoever wraps write() only now is not asked where the socket is written to.
  let written = 0;
  const { write } = response;
  response.write = (...args) => {
    written += 1;
    return write.apply(response, args);
  };
  await hub.broadcast("order", "1");
  assert.equal(await stream.nextText("order"), "1");

  assert.deepEqual(
    { isReleased: response.destroyed, written },
    { isReleased, written: isBun ? 1 : 0 },
  );
  assert.equal(hub.size, 1);
  await hub.close();
  assert.equal(await stream.ended, "shutdown");
});
