import type { RequestListener } from "node:http";
import express from "express";
import { createHub, sse, type Connection, type Hub } from "express-sse-hub";
import { openStream, type StreamRequest } from "express-sse-hub/testing";
import { onTestEnd } from "../support/disposers.js";

/** An application that nobody serves yet. */
function createApp(): { app: RequestListener; hub: Hub } {
  const app = express();
  const hub = createHub();
  app.use(sse({ hub }));
  app.all("/events", (req) => void req.sse.join());
  return { app: app as RequestListener, hub };
}

/** A stream of such an application, until the end of the test. */
async function open(request?: StreamRequest) {
  const { app, hub } = createApp();
  const stream = await openStream(app, "/events", request);
  onTestEnd(() => {
    stream.close();
  });
  return { hub, stream, connection: hub.connections()[0] as Connection };
}

describe("openStream", () => {
  it("serves an application until its stream is closed", async () => {
    const { app, hub } = createApp();
    const left = new Promise((resolve) => {
      hub.once("leave", (_connection, why) => {
        resolve(why);
      });
    });
    const stream = await openStream(app, "/events");
    expect(hub.size).toBe(1);
    await stream[Symbol.asyncDispose]();
    stream.close();
    expect([await left, hub.size, stream.hasEnded]).toEqual(["gone", 0, true]);
  });

  it("opens the same again, with the cursor, when it returns", async () => {
    const { hub, stream } = await open({ method: "POST" });
    await hub.broadcast("message", "seen");
    await stream.next();
    const again = stream.return();
    await stream.ended;
    const back = await again;
    onTestEnd(() => {
      back.close();
    });
    await hub.broadcast("message", "new");
    expect([back.verdict, await back.nextText("message")]).toEqual([{ recovered: true }, "new"]);
  });

  it("gives each event to one of those who wait, in their order", async () => {
    const { hub, stream } = await open();
    const taken = Promise.all([stream.next(), stream.next(), stream.nextText("order")]);
    await hub.broadcast("message", "a");
    await hub.broadcast("message", "b");
    await hub.broadcast("order", "c");
    expect((await taken).map((event) => (typeof event === "string" ? event : event.data))).toEqual([
      "a",
      "b",
      "c",
    ]);
    expect(stream.pending).toEqual([]);
  });

  it("takes an event by its name, and leaves one of another name where it is", async () => {
    const { hub, stream } = await open();
    const id = await hub.broadcast("message", "hello");
    await hub.broadcast("order", { id: 1 });
    await expect(stream.nextJson("order")).rejects.toThrow(
      `Expected order to be next, got {"event":"message","data":"hello","id":"${id}"}.`,
    );
    await expect(stream.nextJson("message")).rejects.toThrow(
      'The data of message is "hello", which is not JSON. Take it with nextText().',
    );
    expect(await stream.nextJson("order")).toEqual({ id: 1 });
  });

  it("says what was awaited and what has come when time is up", async () => {
    const { hub, stream } = await open({ timeoutMs: 1_000 });
    await hub.broadcast("order", "x");
    await stream.next();
    await expect(stream.next()).rejects.toThrow(
      /^No event in 1000 ms\. Status 200; received "retry: .*event: order\\ndata: x\\n\\n"\.$/,
    );
    await expect(stream.nextText("order", { timeoutMs: 500 })).rejects.toThrow(
      "No order in 500 ms.",
    );
    await expect(stream.ended).rejects.toThrow("No end of the stream in 1000 ms.");
    await expect(stream.until(() => false, "miracle")).rejects.toThrow("No miracle in 1000 ms.");
  });

  it("gives what came before the end, and rejects at once for what cannot come any more", async () => {
    const { hub, stream, connection } = await open();
    await hub.broadcast("message", "last words");
    const awaited = stream.until(() => stream.pending.length === 2, "second event");
    const first = stream.nothingArrives(hub).catch(() => undefined);
    await first;
    connection.close();
    await expect(awaited).rejects.toThrow("The stream ended (close) before second event came.");
    expect([await stream.ended, await stream.nextText("message")]).toEqual(["close", "last words"]);
    await expect(stream.next()).rejects.toThrow("The stream ended (close) before event came.");
    await expect(stream.until(() => stream.hasEnded, "end")).resolves.toBeUndefined();
  });

  it("hears of an end that nobody gave a reason for", async () => {
    const app: RequestListener = (_req, res) => {
      res.writeHead(200, { "Content-Type": "text/event-stream" });
      res.write('event: hub:open\ndata: {"connection":"x","recovered":null}\n\n', () => {
        res.destroy();
      });
    };
    const stream = await openStream(app, "/");
    expect(await stream.ended).toBeUndefined();
    await expect(stream.next()).rejects.toThrow("The stream ended before event came.");
    await stream[Symbol.asyncDispose]();
  });

  it("rejects with what a server answers that is no stream, and serves it no longer", async () => {
    const app: RequestListener = (_req, res) => {
      res.writeHead(200, { "Content-Type": "text/plain" }).end("hello");
    };
    await expect(openStream(app, "/hello")).rejects.toMatchObject({ status: 200, body: "hello" });
    await expect(openStream("http://127.0.0.1:1", "/")).rejects.toThrow("ECONNREFUSED");
  });

  it.each<[StreamRequest | object, string]>([
    [{ lastEventID: "x.1" }, "Did you mean lastEventId?"],
    [{ lastEventId: "" }, 'The option lastEventId of openStream() is "".'],
    [{ timeoutMs: Infinity }, "The option timeoutMs of openStream() is Infinity."],
  ])("refuses %j", async (request, message) => {
    const { app } = createApp();
    await expect(openStream(app, "/events", request)).rejects.toMatchObject({
      code: "ERR_SSE_OPTION",
      message: expect.stringContaining(message),
    });
  });
});
