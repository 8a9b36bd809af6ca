import { createHub } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { Shop } from "../support/shop.js";
import { watchWarnings } from "../support/warnings.js";

function openHub() {
  const hub = createHub();
  onTestEnd(() => hub.close());
  return hub;
}

describe("a room in development", () => {
  it("that nobody is in is told of once, with the nearest", async () => {
    const shop = await Shop.open();
    await shop.stream("/rooms/desk");
    const warnings = watchWarnings();
    await shop.hub.to("desk", "dsk").broadcast("message", "a");
    await shop.hub.to("dsk").broadcast("message", "b");
    await shop.hub.to("kitchen").broadcast("message", "c");
    expect(warnings).toEqual([
      'A broadcast goes to the room "dsk", which no connection has joined. Did you mean "desk"?',
      'A broadcast goes to the room "kitchen", which no connection has joined. ' +
        'A connection joins it with req.sse.join("kitchen").',
    ]);
  });

  it("is not told of where somebody was in it, joined it later, or nobody is connected", async () => {
    const shop = await Shop.open();
    const warnings = watchWarnings();
    await shop.hub.to("empty").broadcast("message", "a");
    const stream = await shop.stream("/rooms/desk");
    shop.hub.connections()[0]?.join("late");
    await shop.stream();
    stream.close();
    await shop.hub.to("desk", "late").broadcast("message", "b");
    expect(warnings).toEqual([]);
  });

  it("is told of ten times in all, since rooms may come and go", async () => {
    const shop = await Shop.open();
    await shop.stream();
    const warnings = watchWarnings();
    for (let n = 0; n < 20; n += 1) await shop.hub.to(`order ${n}`).broadcast("message", "a");
    expect(warnings).toHaveLength(10);
  });
});

describe("a hub in development", () => {
  it("that is mounted nowhere while another is, is told of once", async () => {
    await Shop.open();
    const hub = openHub();
    const warnings = watchWarnings();
    await hub.broadcast("message", "a");
    await hub.broadcast("message", "b");
    expect(warnings).toEqual([
      expect.stringMatching(/^You broadcast through a hub that no sse\(\{ hub \}\) mounts/),
    ]);
  });

  it("is not told of where none is mounted, or where it is", async () => {
    const shop = await Shop.open();
    const warnings = watchWarnings();
    await shop.hub.broadcast("message", "a");
    await shop.hub.close();
    await openHub().broadcast("message", "b");
    expect(warnings).toEqual([]);
  });
});

describe("in production", () => {
  it("nothing is looked for", async () => {
    const before = process.env.NODE_ENV;
    onTestEnd(() => {
      process.env.NODE_ENV = before;
    });
    process.env.NODE_ENV = "production";
    const shop = await Shop.open();
    await shop.stream();
    const warnings = watchWarnings();
    await shop.hub.to("nowhere").broadcast("message", "a");
    await openHub().broadcast("message", "b");
    expect(warnings).toEqual([]);
  });
});
