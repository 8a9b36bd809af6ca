import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { closeAll, createApplication, enter, openStalled, until } from "./application.js";

afterEach(closeAll);

const MB = "x".repeat(1_000_000);
const CHUNK = "x".repeat(65_536);
// More than the kernel takes for a reader that takes nothing.
const CHUNKS = 400;

// A reader that reads all the time may take nothing for some hundred milliseconds on a busy machine.
const STALL_MS = 2_000;

/** An application whose `/own` streams numbered chunks, and what has become of its source. */
function createProducer(options) {
  const source = { made: 0, isDone: false, isLeft: false };
  async function* produce() {
    try {
      for (; source.made < CHUNKS; source.made += 1) {
        yield `${source.made} ${CHUNK}`;
        await new Promise((resolve) => setImmediate(resolve));
      }
      source.isDone = true;
    } finally {
      source.isLeft = true;
    }
  }
  const application = createApplication({
    ...options,
    routes: (routes) => {
      routes.get("/own", async (req) => {
        const connection = req.sse.open();
        await connection.stream(produce(), "chunk");
        connection.end();
      });
    },
  });
  return { ...application, source };
}

/** Why the hub's connections have ended, in order, from now on. */
function reasonsOf(hub) {
  const reasons = [];
  hub.on("leave", (_connection, reason) => reasons.push(reason));
  return reasons;
}

test("a slow reader reads on from the log, and nobody waits for it", async () => {
  const { app, hub } = createApplication();
  const visitor = await enter(app);
  const slow = openStalled(visitor.url, "/events");
  await until(() => hub.size === 1 && hub.stats().behind === 0, "the slow reader is there");
  const healthy = await visitor.stream("/events");
  for (let n = 0; n < 30; n += 1) {
    await hub.broadcast("page", `${n} ${MB}`);
    assert.equal(parseInt(await healthy.nextText("page")), n);
  }
  assert.equal(hub.stats().behind, 1);

  let text = "";
  slow.read((piece) => {
    text += piece;
  });
  await until(() => text.includes("data: 29 x") && text.endsWith("x\n\n"), "all pages have come");
  const pages = [...text.matchAll(/^data: (\d+) (x+)$/gm)];
  assert.deepEqual(
    pages.map(([, n, page]) => [Number(n), page.length]),
    Array.from({ length: 30 }, (_, n) => [n, MB.length]),
  );
  await until(() => hub.stats().behind === 0, "it is live again");
  await hub.broadcast("page", "live");
  await until(() => text.endsWith("data: live\n\n"), "it receives what comes");
});

test("a reader that takes nothing is ended after stallMs, the others are not", async () => {
  const { app, hub } = createApplication({ hub: { stallMs: STALL_MS } });
  const visitor = await enter(app);
  openStalled(visitor.url, "/events");
  await until(() => hub.size === 1 && hub.stats().behind === 0, "the stalled reader is there");
  const healthy = await visitor.stream("/events");
  const reasons = reasonsOf(hub);
  for (let n = 0; n < 30; n += 1) {
    await hub.broadcast("page", MB);
    await healthy.nextText("page");
  }
  await until(() => reasons.length > 0, "it was ended");
  assert.deepEqual([reasons, hub.size], [["slow"], 1]);
  await hub.broadcast("page", "live");
  assert.equal(await healthy.nextText("page"), "live");
});

test("connection.stream() waits for a reader that stalls, and goes on when it reads", async () => {
  const { app, source } = createProducer();
  const { url } = await enter(app);
  const reader = openStalled(url, "/own");
  let made = -1;
  let looks = 0;
  await until(() => {
    looks = source.made === made ? looks + 1 : 0;
    made = source.made;
    return made > 0 && looks >= 40;
  }, "the source waits");
  assert.equal(source.isDone, false);

  let text = "";
  reader.read((piece) => {
    text += piece;
  });
  await until(() => text.includes('data: {"reason":"done"}\n\n'), "the end has come");
  const chunks = [...text.matchAll(/^data: (\d+) (x+)$/gm)];
  assert.deepEqual(
    chunks.map(([, n, chunk]) => [Number(n), chunk.length]),
    Array.from({ length: CHUNKS }, (_, n) => [n, CHUNK.length]),
  );
  assert.equal(source.isDone, true);
});

test("connection.stream() leaves its source when a stalled reader is given up", async () => {
  const { app, hub, source } = createProducer({ hub: { stallMs: STALL_MS } });
  const { url } = await enter(app);
  const reasons = reasonsOf(hub);
  openStalled(url, "/own");
  await until(() => source.isLeft, "the source was left");
  assert.deepEqual([reasons, source.isDone], [["slow"], false]);
});

test("connection.stream() leaves its source when the browser leaves", async () => {
  const { app, hub, source } = createProducer();
  const { url } = await enter(app);
  const reasons = reasonsOf(hub);
  const reader = openStalled(url, "/own");
  await until(() => source.made > 10, "the source is asked");
  reader.close();
  await until(() => source.isLeft, "the source was left");
  assert.deepEqual([reasons, source.isDone], [["gone"], false]);
});
