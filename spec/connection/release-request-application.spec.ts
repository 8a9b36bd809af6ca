import { once } from "node:events";
import type { Response } from "express";
import { EXPRESS_VERSIONS, until } from "../support/shop.js";
import {
  dataIn,
  GET,
  isReleased,
  openRaw,
  openWatchedShop,
  type WatchedStream,
} from "../support/watched-shop.js";

type Act = (res: Response, done: () => void) => unknown;

describe.each(EXPRESS_VERSIONS)("to an application on %s", (_version, express) => {
  const open = () => openWatchedShop({ express, hub: { releaseRequest: true } });

  /** Request and response have said what they have to say. */
  async function hasClosed({ request }: WatchedStream): Promise<void> {
    await until(() => request.told.includes("req close"), "the request is closed");
  }

  const ONCE_EACH = ["req close", "req end", "res close", "res finish"];

  it("a request and its response end when the headers are out, and only then", async () => {
    const watched = await open();
    const stream = await openRaw(watched);
    const { req, res, told } = stream.request;
    await hasClosed(stream);
    expect(told.toSorted()).toEqual(ONCE_EACH);
    expect([res.writableEnded, res.writableFinished, res.closed]).toEqual([true, true, true]);
    expect([res.headersSent, res.statusCode, res.socket]).toEqual([true, 200, null]);
    expect([req.complete, req.readableEnded, req.closed]).toEqual([true, true, true]);
    expect(req.socket.destroyed).toBe(false);
    const closed = once(stream.socket, "close");
    stream.connection.close();
    await closed;
    await until(() => req.socket.destroyed, "the socket is closed");
    expect(told.toSorted()).toEqual(ONCE_EACH);
  });

  it.each<[string, Act]>([
    ["writes to it", (res, done) => res.write("mine", done)],
    ["ends it", (res, done) => res.end(done)],
    [
      "ends it with a word",
      (res, done) => {
        res.end("mine");
        done();
      },
    ],
    [
      "destroys it",
      (res, done) => {
        res.destroy();
        done();
      },
    ],
    [
      "destroys its request",
      (res, done) => {
        res.req.destroy();
        done();
      },
    ],
    [
      "answers",
      (res, done) => {
        expect(() => res.status(500).send("mine")).toThrow("headers");
        done();
      },
    ],
    [
      "flushes, corks and uncorks it",
      (res, done) => {
        res.flushHeaders();
        res.cork();
        res.uncork();
        done();
      },
    ],
    [
      "gives it a timeout",
      (res, done) => {
        res.setTimeout(1, () => res.destroy());
        done();
      },
    ],
  ])("a stream is none of the response's when it %s", async (_what, act) => {
    const watched = await open();
    const stream = await openRaw(watched);
    await hasClosed(stream);
    await new Promise<void>((done) => {
      act(stream.request.res as Response, done);
    });
    await watched.shop.hub.broadcast("message", "hello");
    await until(() => dataIn(stream.text).length === 1, "the event");
    expect(stream.text).not.toContain("mine");
    expect(stream.request.told.toSorted()).toEqual(ONCE_EACH);
    expect(watched.shop.hub.size).toBe(1);
  });

  it("a stream is none of the response's in the turn in which it is let go", async () => {
    const watched = await openWatchedShop({
      express,
      hub: { releaseRequest: true },
      routes: (app) => {
        app.get("/hasty", async (req, res) => {
          const connection = req.sse.join();
          await connection.opened;
          res.write("mine");
          res.end("mine");
        });
      },
    });
    const stream = await openRaw(watched, GET("/hasty"));
    await hasClosed(stream);
    await watched.shop.hub.broadcast("message", "hello");
    await until(() => dataIn(stream.text).length === 1, "the event");
    expect(stream.text).not.toContain("mine");
    expect([isReleased(stream.request), watched.shop.hub.size]).toEqual([true, 1]);
  });

  it("the signal of a request, where Node gives one, tells the end of the stream", async () => {
    const signals: Array<AbortSignal | undefined> = [];
    const watched = await openWatchedShop({
      express,
      hub: { releaseRequest: true },
      before: (app) => {
        app.use("/events", (req, _res, next) => {
          signals.push((req as { signal?: AbortSignal }).signal);
          next();
        });
      },
    });
    const stream = await openRaw(watched);
    await hasClosed(stream);
    const [signal] = signals;
    // Node has it from 24.16 on.
    expect(signal?.aborted).not.toBe(true);
    stream.socket.destroy();
    await until(() => watched.shop.hub.size === 0, "the browser has left");
    expect(signal?.aborted).not.toBe(false);
  });
});
